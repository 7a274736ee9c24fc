#pragma once

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

struct MemoryOptions {
  std::size_t segment_bytes = 64;    // payload of one data frame; small, so that its edges are met
  std::size_t frames_in_flight = 4;  // on a link in one direction; more wait at the sender
  // With a seed: links are served in changing order, frames arrive in pieces, and a small frame
  // overtakes bulk only sometimes. Without: always the same, whole, and whenever it may.
  std::optional<std::uint32_t> seed;
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

 private:
  friend class MemoryTransport;

  struct Packet {
    wire::Frame frame;
    std::vector<std::byte> payload;
    std::uint64_t number = 0;  // in the order queued
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
  };

  Link& link(WorldRank from, WorldRank to);
  void end(WorldRank a, WorldRank b);
  bool chance();                        // half and half with a seed, otherwise no
  std::size_t up_to(std::size_t most);  // 0 to most with a seed, otherwise most

  int ranks_;
  MemoryOptions options_;
  std::minstd_rand random_;
  std::vector<Link> links_;
  std::vector<std::unique_ptr<MemoryTransport>> transports_;
};

}  // namespace prun::test
