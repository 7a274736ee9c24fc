#pragma once

#include <cstddef>
#include <cstdint>

// What a collective costs, in whole numbers: every member evaluates the same formulas and must come
// to the same choice, whatever its processor does with fractions. Plain values.
namespace prun::coll {

using Nanoseconds = std::int64_t;

// A link between two ranks, as far as the cost of messages goes.
struct Link {
  Nanoseconds latency = 0;   // a: the smallest message, one way
  std::int64_t byte_ps = 0;  // b: picoseconds for each byte

  // o: the work of an end for each further message of a stream, which wakes nobody up. On idle
  // boards and between processes of one machine about a quarter of the latency.
  Nanoseconds overhead() const { return latency / 4; }
  // b times so many bytes.
  Nanoseconds wire(std::size_t bytes) const;

  bool operator==(const Link&) const = default;
};

// The links of a job by the two classes of pairs that there are. What holds where nothing was
// measured and nothing said: 100 Mbit/s Ethernet, and memory of a small board.
struct LinkModel {
  Link between_hosts{100'000, 83'600};
  Link within_host{10'000, 1'000};

  bool operator==(const LinkModel&) const = default;
};

// All that the choice of an algorithm and its cost depend on; the same on every member.
struct Situation {
  int ranks = 1;
  int hosts = 1;
  int per_host = 1;  // ranks on the host that has the most
  // The data, one rank's block, or, in a reduce_scatter, all parts together; see situation().
  std::size_t bytes = 0;
  bool bytes_known = true;  // otherwise members do not know each other's sizes
  bool commutative = true;
  bool uniform = true;      // equal blocks
  std::size_t segment = 0;  // of a pipelined algorithm
  std::size_t eager_bytes = std::size_t{16} << 10;
  LinkModel links;

  // The one link that an algorithm sees which knows nothing of hosts. Where ranks share hosts, they
  // share what passes through the hosts' ports.
  Link link() const;
  // ceil(log2 ranks)
  int rounds() const;
  // Of the largest of as many equal parts as there are ranks.
  std::size_t part_bytes() const {
    const auto parts = static_cast<std::size_t>(ranks);
    return bytes / parts + (bytes % parts != 0 ? 1 : 0);
  }
  // Into how many segments so many bytes are cut.
  std::size_t segments(std::size_t length) const;
  // One message that nothing of its kind went before: a + b length; above the eager limit it asks
  // first, and its connection, which stood still, comes up to speed by doubling.
  Nanoseconds message(std::size_t length) const;
  // Messages one behind the other, so many bytes in all, from the first to leave to the last to
  // arrive, but for the latency of the one.
  Nanoseconds stream(std::size_t length, std::size_t count) const;
  // Both ends send and receive so much in segments, of which none asks first.
  Nanoseconds exchange(std::size_t length) const;
  // A message in segments along `hops` links one behind the other.
  Nanoseconds pipeline(int hops, std::size_t length) const;
  // n-1 steps round a ring with a block each, in segments.
  Nanoseconds ring(std::size_t block) const;
  // Bytes moved from one place in memory to another.
  Nanoseconds copying(std::size_t length) const;

  // What is left to do among one leader for each host, and among the ranks of a host.
  Situation among_leaders() const;
  Situation on_a_host() const;
  Situation with_bytes(std::size_t other) const;

  bool operator==(const Situation&) const = default;

 private:
  // What a long message takes more on a connection that stood still.
  Nanoseconds coming_up(std::size_t length) const;
};

}  // namespace prun::coll
