#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "runtime/transport/transport.hpp"

namespace prun::test {

// A transport that carries nothing: keeps what it is told to send, for a test that plays the peer
// itself, frame by frame. One thread.
class ScriptedTransport final : public transport::Transport {
 public:
  using WorldRank = transport::WorldRank;

  struct Sent {
    WorldRank to = -1;
    wire::Frame frame;
    std::vector<std::byte> payload;
  };

  std::vector<Sent> frames;
  std::vector<transport::BulkSend*> bulks;
  int discarded = 0;  // calls of discard_arriving
  std::vector<WorldRank> abandoned;

  // The frames sent since the last call.
  std::vector<Sent> take() { return std::exchange(frames, {}); }

  void send_frame(WorldRank peer, const wire::Frame& frame,
                  std::span<const std::byte> payload) override {
    frames.push_back({peer, frame, {payload.begin(), payload.end()}});
  }
  void send_bulk(transport::BulkSend& bulk) override { bulks.push_back(&bulk); }
  void forget_bulk(transport::BulkSend& bulk) override {
    bulks.erase(std::remove(bulks.begin(), bulks.end(), &bulk), bulks.end());
  }
  void discard_arriving(WorldRank) override { ++discarded; }
  void abandon(WorldRank peer) override { abandoned.push_back(peer); }
  bool progress() override { return false; }
  bool flushed(WorldRank) override { return true; }
  bool flushed() override { return true; }
  void arm() override {}
  void close() override {}
  bool drained() override { return frames.empty() && bulks.empty(); }
};

}  // namespace prun::test
