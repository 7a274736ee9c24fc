#include <dirent.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "runtime/security/random.hpp"
#include "runtime/transport/self/self_transport.hpp"
#include "tests/conformance/transport_suite.hpp"
#include "tests/conformance/transport_suite_tcp_net.hpp"
#include "tests/support/memory_transport.hpp"

namespace prun::test {

using transport::Transport;
using transport::WorldRank;

bool TransportNet::step_all() {
  bool moved = false;
  for (WorldRank rank = 0; rank < size(); ++rank) {
    if (alive(rank) && step(rank)) moved = true;
  }
  return moved;
}

bool TransportNet::run_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done()) {
    step_all();
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "what the test waits for did not come about in 30 s";
      return false;
    }
  }
  return true;
}

void TransportNet::exhaust(WorldRank rank) {
  for (int quiet = 0; quiet < 3;) quiet = step(rank) ? 0 : quiet + 1;
}

std::ostream& operator<<(std::ostream& out, const TransportCase& of) {
  return out << of.name;
}

std::size_t open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

namespace {

class MemoryNet final : public TransportNet {
 public:
  MemoryNet(int ranks, std::optional<std::uint32_t> seed)
      : TransportNet(ranks),
        receivers_(static_cast<std::size_t>(ranks)),
        network_(ranks, {8u << 10, 4, seed}) {
    for (WorldRank rank = 0; rank < ranks; ++rank) network_.attach(rank, receiver(rank));
    dead_.resize(static_cast<std::size_t>(ranks));
  }

  Transport& transport(WorldRank rank) override { return network_.transport(rank); }
  RecordingReceiver& receiver(WorldRank rank) override {
    return receivers_[static_cast<std::size_t>(rank)];
  }
  bool step(WorldRank rank) override { return transport(rank).progress(); }
  void vanish(WorldRank rank) override {
    dead_[static_cast<std::size_t>(rank)] = true;
    network_.cut(rank, "died");
  }
  bool alive(WorldRank rank) const override { return !dead_[static_cast<std::size_t>(rank)]; }

 private:
  std::vector<RecordingReceiver> receivers_;
  MemoryNetwork network_;
  std::vector<bool> dead_;
};

class SelfNet final : public TransportNet {
 public:
  SelfNet() : TransportNet(1), transport_(receiver_, 0) {}
  Transport& transport(WorldRank) override { return transport_; }
  RecordingReceiver& receiver(WorldRank) override { return receiver_; }
  bool step(WorldRank) override { return transport_.progress(); }
  void vanish(WorldRank) override {}
  bool alive(WorldRank) const override { return true; }

 private:
  RecordingReceiver receiver_;
  transport::SelfTransport transport_;
};

}  // namespace

TcpNet::TcpNet(int ranks, bool shared, core::CompressionMode compression, bool encrypt,
               std::optional<security::Key> key)
    : TransportNet(ranks),
      endpoints_(static_cast<std::size_t>(ranks)),
      receivers_(static_cast<std::size_t>(ranks)) {
  security::random_bytes(key_);
  if (key) key_ = *key;
  loops_.resize(shared ? 1 : static_cast<std::size_t>(ranks));
  for (auto& loop : loops_) loop = std::make_unique<asio::io_context>(1);
  transports_.resize(static_cast<std::size_t>(ranks));
  for (WorldRank rank = 0; rank < ranks; ++rank) {
    const auto index = static_cast<std::size_t>(rank);
    auto opened = transport::TcpTransport::open(
        loop(rank), {key_, job_id, rank, ranks, "127.0.0.1", {}, 0, compression, true, encrypt},
        receivers_[index], [this](WorldRank peer) -> std::optional<asio::ip::tcp::endpoint> {
          return endpoints_[static_cast<std::size_t>(peer)];
        });
    if (!opened.ok()) {
      ADD_FAILURE() << opened.failure().text;
      std::abort();
    }
    transports_[index] = std::move(opened).value();
    endpoints_[index] =
        asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), transports_[index]->port());
  }
}

bool TcpNet::step(WorldRank rank) {
  const bool events = loop(rank).poll() > 0;
  loop(rank).restart();
  const bool moved = tcp(rank).progress();
  if (!moved) tcp(rank).arm();
  return events || moved;
}

std::unique_ptr<TransportNet> make_compressing_tcp_net(int ranks) {
  return std::make_unique<TcpNet>(ranks, false, core::CompressionMode::lz4);
}

std::unique_ptr<TransportNet> make_encrypting_tcp_net(int ranks, bool compress) {
  return std::make_unique<TcpNet>(
      ranks, false, compress ? core::CompressionMode::lz4 : core::CompressionMode::off, true);
}

std::unique_ptr<TransportNet> make_tcp_net(int ranks, bool shared) {
  return std::make_unique<TcpNet>(ranks, shared);
}
std::unique_ptr<TransportNet> make_memory_net(int ranks, std::optional<std::uint32_t> seed) {
  return std::make_unique<MemoryNet>(ranks, seed);
}
std::unique_ptr<TransportNet> make_self_net() {
  return std::make_unique<SelfNet>();
}

}  // namespace prun::test
