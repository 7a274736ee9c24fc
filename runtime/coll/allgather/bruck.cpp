#include "runtime/coll/allgather/bruck.hpp"

#include <algorithm>

#include <vector>

#include "runtime/coll/bytes.hpp"

// Allgather by doubling, for any number of ranks.
//   Steps:  ceil(log2 n); in step k every rank sends the first 2^k blocks it has, its own and those
//           after it around the end, to the rank 2^k before, and receives as many that follow what
//           it has. At the end they are copied to their places. Blocks may differ in size.
//   Bytes:  (n-1) m to and from every rank; every port has one sender at any time.
//   Cost:   ceil(log2 n) a + (n-1) m b, and n m copied
//   Source: J. Bruck, C. Ho, S. Kipnis, E. Upfal, D. Weathersby, "Efficient algorithms for
//           all-to-all communications in multiport message-passing systems", IEEE Trans. Parallel
//           and Distributed Systems 8(11), 1997.
namespace prun::coll {

Task allgather_bruck(Team team, AllgatherArguments arguments) {
  const int size = team.size();
  // Of the block of the rank i further on in the collection, and in a peer's the same blocks.
  std::vector<std::size_t> offsets(static_cast<std::size_t>(size) + 1);
  for (int i = 0; i < size; ++i) {
    const auto at = static_cast<std::size_t>(i);
    offsets[at + 1] = offsets[at] + arguments.all.size(team.neighbour(i));
  }
  const Scratch collected(offsets.back());
  copy(arguments.all[team.rank()], collected.at(0, offsets[1]));
  for (int have = 1; have < size; have *= 2) {
    const auto first = static_cast<std::size_t>(have);
    const auto count = static_cast<std::size_t>(std::min(have, size - have));
    const std::size_t incoming_bytes = offsets[first + count] - offsets[first];
    Receiving in = team.recv(team.neighbour(have), collected.at(offsets[first], incoming_bytes));
    Sending out = team.send(team.neighbour(-have), collected.at(0, offsets[count]));
    co_await in;
    co_await out;
  }
  for (int i = 1; i < size; ++i) {
    const auto at = static_cast<std::size_t>(i);
    copy(collected.at(offsets[at], offsets[at + 1] - offsets[at]),
         arguments.all[team.neighbour(i)]);
  }
}

Nanoseconds allgather_bruck_cost(const Situation& situation) {
  const std::size_t block = situation.bytes;
  Nanoseconds doubling = 0;
  for (int have = 1; have < situation.ranks; have *= 2) {
    const int bundle = std::min(have, situation.ranks - have);
    doubling += situation.message(block * static_cast<std::size_t>(bundle));
  }
  return doubling + situation.copying(block * static_cast<std::size_t>(situation.ranks));
}

}  // namespace prun::coll
