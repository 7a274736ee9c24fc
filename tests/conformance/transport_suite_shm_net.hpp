#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <vector>

#include "runtime/transport/shm/shm_transport.hpp"
#include "tests/conformance/transport_suite.hpp"

namespace prun::test {

// Ranks with a ShmTransport each, on a segment of their own. `single_copy`: large payloads go from
// memory to memory, else through the rings.
class ShmNet final : public TransportNet {
 public:
  static constexpr std::uint64_t job_id = 0x5678;

  ShmNet(int ranks, bool single_copy);
  ~ShmNet() override;

  transport::Transport& transport(WorldRank rank) override { return shm(rank); }
  RecordingReceiver& receiver(WorldRank rank) override {
    return receivers_[static_cast<std::size_t>(rank)];
  }
  bool step(WorldRank rank) override;
  void vanish(WorldRank rank) override { transports_[static_cast<std::size_t>(rank)].reset(); }
  bool alive(WorldRank rank) const override {
    return transports_[static_cast<std::size_t>(rank)] != nullptr;
  }

  transport::ShmTransport& shm(WorldRank rank) {
    return *transports_[static_cast<std::size_t>(rank)];
  }
  asio::io_context& loop(WorldRank rank) { return *loops_[static_cast<std::size_t>(rank)]; }
  // The segment as a rank that lies would use it.
  int segment() const { return segment_; }

 private:
  int segment_ = -1;
  std::vector<RecordingReceiver> receivers_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::vector<std::unique_ptr<transport::ShmTransport>> transports_;
};

}  // namespace prun::test
