#pragma once

#include <deque>
#include <vector>

#include "runtime/transport/transport.hpp"

namespace prun::transport {

// Messages of a rank to itself: frames wait in a queue until progress, then arrive. Small payloads
// are copied twice, large ones once. Owned by the World; one thread; close has nothing to do.
class SelfTransport final : public Transport {
 public:
  SelfTransport(Receiver& receiver, WorldRank self) : receiver_(receiver), self_(self) {}

  void send_frame(WorldRank peer, const wire::Frame& frame,
                  std::span<const std::byte> payload) override;
  void send_bulk(BulkSend& bulk) override { bulks_.push_back(bulk); }
  void forget_bulk(BulkSend& bulk) override;
  void discard_arriving(WorldRank) override {}  // a frame arrives whole, within one progress
  void abandon(WorldRank) override { frames_.clear(); }
  bool progress() override;
  bool flushed(WorldRank) override { return true; }  // it has nowhere to go
  bool flushed() override { return true; }
  void arm() override {}
  void close() override {}
  bool drained() override { return frames_.empty() && bulks_.empty(); }

 private:
  struct Queued {
    wire::Frame frame;
    std::vector<std::byte> payload;
  };

  void deliver(const wire::Frame& frame, std::span<const std::byte> payload);

  Receiver& receiver_;
  WorldRank self_;
  std::deque<Queued> frames_;
  BulkQueue bulks_;
};

}  // namespace prun::transport
