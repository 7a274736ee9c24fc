#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/transport/tcp/tcp_transport.hpp"
#include "tests/conformance/transport_suite.hpp"

namespace prun::test {

// Ranks with a TcpTransport each, on the loopback interface.
class TcpNet final : public TransportNet {
 public:
  static constexpr std::uint64_t job_id = 0x1234;

  TcpNet(int ranks, bool shared, core::CompressionMode compression = core::CompressionMode::off,
         bool encrypt = false, std::optional<security::Key> key = std::nullopt);

  transport::Transport& transport(WorldRank rank) override { return tcp(rank); }
  RecordingReceiver& receiver(WorldRank rank) override {
    return receivers_[static_cast<std::size_t>(rank)];
  }
  bool step(WorldRank rank) override;
  void vanish(WorldRank rank) override { transports_[static_cast<std::size_t>(rank)].reset(); }
  bool alive(WorldRank rank) const override {
    return transports_[static_cast<std::size_t>(rank)] != nullptr;
  }

  transport::TcpTransport& tcp(WorldRank rank) {
    return *transports_[static_cast<std::size_t>(rank)];
  }
  asio::io_context& loop(WorldRank rank) {
    return *loops_[loops_.size() == 1 ? 0 : static_cast<std::size_t>(rank)];
  }
  const security::Key& key() const { return key_; }
  // Where a rank accepts connections; tests may make it unknown.
  std::optional<asio::ip::tcp::endpoint>& endpoint(WorldRank rank) {
    return endpoints_[static_cast<std::size_t>(rank)];
  }

 private:
  security::Key key_{};
  std::vector<std::optional<asio::ip::tcp::endpoint>> endpoints_;
  std::vector<RecordingReceiver> receivers_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::vector<std::unique_ptr<transport::TcpTransport>> transports_;
};

}  // namespace prun::test
