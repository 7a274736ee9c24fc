#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"

namespace prun::transport {

// Accepts connections on one address. Hands each socket to its owner,
// who may pause it. One thread; closed by destruction.
class TcpListener {
 public:
  using Handler = std::function<void(asio::ip::tcp::socket)>;

  // `address` is numeric; ports and turn are those of bootstrap::listen. Listens at once; accepts
  // after start().
  static core::Result<std::unique_ptr<TcpListener>> open(asio::io_context& io,
                                                         const std::string& address,
                                                         const core::PortRange& ports,
                                                         std::uint32_t turn);
  ~TcpListener();

  std::uint16_t port() const { return port_; }
  void start(Handler handler);
  void close();

 private:
  struct State;
  explicit TcpListener(std::shared_ptr<State> state, std::uint16_t port)
      : state_(std::move(state)), port_(port) {}
  static void accept_next(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  std::uint16_t port_;
};

}  // namespace prun::transport
