#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "runtime/transport/transport.hpp"

namespace prun::test {

// Time that passes when the test says so.
using VirtualTime = std::chrono::nanoseconds;

// What lies between the ranks, where a test wants time to pass. Each connection draws its own from
// these.
struct Wires {
  VirtualTime latency_at_most{0};
  std::vector<double> bytes_per_second;  // one of them
  unsigned refused_percent = 0;          // of attempts to connect, each of which is made again
};

struct MemoryOptions {
  std::size_t segment_bytes = 64;    // payload of one data frame; small, so that its edges are met
  std::size_t frames_in_flight = 4;  // on a link in one direction; more wait at the sender
  // With a seed: links are served in changing order, frames arrive in pieces, and a small frame
  // overtakes bulk only sometimes. Without: always the same, whole, and whenever it may.
  std::optional<std::uint32_t> seed;
  // Connections are made when there is something to send, and frames take their time. Without:
  // everything arrives as soon as somebody looks.
  std::optional<Wires> wires = std::nullopt;
};

class MemoryTransport;

// Transports between `ranks` ranks of one process and one thread. Owns them; outlives what uses
// them. A transport's upcalls come from its progress() only.
class MemoryNetwork {
 public:
  using WorldRank = transport::WorldRank;

  MemoryNetwork(int ranks, MemoryOptions options);
  ~MemoryNetwork();

  // Whom the transport of a rank reports to; before anything is sent.
  void attach(WorldRank rank, transport::Receiver& receiver);
  transport::Transport& transport(WorldRank rank);

  // Ends all connections of a rank as if its machine had died: what is on its way is lost, and the
  // others are told in their next progress().
  void cut(WorldRank rank, const std::string& cause);
  // The connection of two ranks that live breaks: what is on its way is lost. One hears of it now,
  // the other after `later`.
  void break_off(WorldRank first, WorldRank second, VirtualTime later);

  // With wires: what time it is, and when something happens next by itself, if anything does.
  VirtualTime now() const { return now_; }
  std::optional<VirtualTime> next_event() const;
  void advance_to(VirtualTime time) { now_ = time; }

  // Payload that senders have queued for one peer, at most so far.
  std::size_t most_queued_bytes() const { return most_queued_bytes_; }

 private:
  friend class MemoryTransport;

  struct Packet {
    wire::Frame frame;
    std::vector<std::byte> payload;
    std::uint64_t number = 0;  // in the order queued
    VirtualTime arrives{0};
  };
  struct WaitingBulk {
    transport::BulkSend* bulk = nullptr;
    std::uint64_t number = 0;  // frames queued before it have smaller ones
  };
  // One direction of one connection.
  struct Link {
    std::deque<Packet> waiting;
    std::deque<WaitingBulk> bulk;
    std::deque<Packet> in_flight;
    std::uint64_t next_number = 0;
    bool closing = false;  // bye goes out when all else has
    bool said_bye = false;
    bool ended = false;
    // The frame in front, while it arrives.
    bool begun = false;
    std::byte* place = nullptr;
    std::size_t arrived = 0;
    // What the receiving side is still to be told about the end of the connection.
    std::optional<std::string> news;
    VirtualTime news_at{0};

    std::size_t queued_bytes = 0;  // payload in `waiting`
    VirtualTime free_at{0};        // the wire, for the next frame
  };
  // What two ranks share.
  struct Connection {
    std::optional<VirtualTime> made_at;  // or will be; nothing: nobody has tried
    VirtualTime latency{0};
    double bytes_per_second = 0;
  };

  Link& link(WorldRank from, WorldRank to);
  void end(WorldRank a, WorldRank b);
  // Whether frames can leave. One that is wanted and not there is begun.
  bool connected(WorldRank from, WorldRank to, bool wanted);
  VirtualTime arrival(WorldRank from, WorldRank to, std::size_t bytes);
  Connection& connection(WorldRank a, WorldRank b);
  bool chance();                        // half and half with a seed, otherwise no
  std::size_t up_to(std::size_t most);  // 0 to most with a seed, otherwise most

  int ranks_;
  MemoryOptions options_;
  std::minstd_rand random_;
  std::vector<Link> links_;
  std::vector<Connection> connections_;
  VirtualTime now_{0};
  std::size_t most_queued_bytes_ = 0;
  std::vector<std::unique_ptr<MemoryTransport>> transports_;
};

}  // namespace prun::test
