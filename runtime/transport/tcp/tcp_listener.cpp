#include "runtime/transport/tcp/tcp_listener.hpp"

#include <utility>

#include "runtime/bootstrap/listening.hpp"

namespace prun::transport {
namespace {

// When the process is out of descriptors: callers wait in the kernel's queue meanwhile.
constexpr std::chrono::milliseconds pause_when_exhausted{100};

}  // namespace

struct TcpListener::State {
  explicit State(asio::io_context& io) : acceptor(io), timer(io) {}
  asio::ip::tcp::acceptor acceptor;
  asio::steady_timer timer;
  Handler handler;
};

core::Result<std::unique_ptr<TcpListener>> TcpListener::open(asio::io_context& io,
                                                             const std::string& address,
                                                             const core::PortRange& ports,
                                                             std::uint32_t turn) {
  auto state = std::make_shared<State>(io);
  const auto port = bootstrap::listen(state->acceptor, address, ports, turn,
                                      asio::socket_base::max_listen_connections);
  if (!port) return port.failure();
  return std::unique_ptr<TcpListener>(new TcpListener(std::move(state), port.value()));
}

TcpListener::~TcpListener() {
  close();
}

void TcpListener::start(Handler handler) {
  state_->handler = std::move(handler);
  accept_next(state_);
}

void TcpListener::accept_next(const std::shared_ptr<State>& state) {
  state->acceptor.async_accept(
      [state](const asio::error_code& error, asio::ip::tcp::socket socket) {
        if (!state->handler || error == asio::error::operation_aborted) return;
        if (!error) {
          state->handler(std::move(socket));
          if (state->handler) accept_next(state);
          return;
        }
        state->timer.expires_after(pause_when_exhausted);
        state->timer.async_wait([state](const asio::error_code& stopped) {
          if (!stopped && state->handler) accept_next(state);
        });
      });
}

void TcpListener::close() {
  state_->handler = nullptr;
  asio::error_code ignored;
  state_->acceptor.close(ignored);
  state_->timer.cancel();
}

}  // namespace prun::transport
