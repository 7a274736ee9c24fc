#include "runtime/transport/shm/shm_doorbell.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <asio/local/datagram_protocol.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/transport/shm/shm_words.hpp"

namespace prun::transport::shm {

namespace {

// Anybody of this machine may ring: it costs him as much as us.
constexpr int rings_in_a_row = 64;

}  // namespace

struct Doorbell::State {
  State(asio::io_context& io, std::function<void()> handler)
      : socket(io), on_ring(std::move(handler)) {}

  asio::local::datagram_protocol::socket socket;
  std::function<void()> on_ring;
  bool armed = false;
};

core::Result<Doorbell> Doorbell::open(asio::io_context& io, std::function<void()> on_ring) {
  const auto broken = [](const std::string& why) {
    return core::Failure{Errc::resource,
                         "cannot make a doorbell for the ranks of its host: " + why};
  };
  auto state = std::make_shared<State>(io, std::move(on_ring));
  asio::error_code error;
  state->socket.open(asio::local::datagram_protocol(), error);
  if (error) return broken(error.message());
  state->socket.native_non_blocking(true, error);
  sockaddr_un nameless{};
  nameless.sun_family = AF_UNIX;
  // Without a name of ours the kernel chooses one that nobody else has.
  if (::bind(state->socket.native_handle(), reinterpret_cast<const sockaddr*>(&nameless),
             sizeof(nameless.sun_family)) != 0) {
    return broken(std::strerror(errno));
  }
  return Doorbell(std::move(state));
}

Doorbell::~Doorbell() {
  if (!state_) return;
  state_->on_ring = nullptr;
  asio::error_code ignored;
  state_->socket.close(ignored);
}

void Doorbell::announce(std::byte* own_page) const {
  sockaddr_un name{};
  socklen_t length = sizeof(name);
  ::getsockname(state_->socket.native_handle(), reinterpret_cast<sockaddr*>(&name), &length);
  const std::size_t bytes =
      std::min<std::size_t>(length - offsetof(sockaddr_un, sun_path), rank_page::most_bell_bytes);
  std::memcpy(own_page + rank_page::bell_name, name.sun_path, bytes);
  word(own_page + rank_page::bell_bytes)
      .store(static_cast<std::uint32_t>(bytes), std::memory_order_relaxed);
}

void Doorbell::arm() {
  if (state_->armed) return;
  state_->armed = true;
  state_->socket.async_wait(
      asio::local::datagram_protocol::socket::wait_read,
      [state = state_](const asio::error_code& error) {
        state->armed = false;
        if (error || !state->on_ring) return;
        std::array<std::byte, 16> rings{};
        for (int i = 0; i < rings_in_a_row; ++i) {
          if (::recv(state->socket.native_handle(), rings.data(), rings.size(), MSG_DONTWAIT) < 0)
            break;
        }
        state->on_ring();
      });
}

void Doorbell::ring(std::byte* page) const {
  const std::uint32_t bytes = word(page + rank_page::bell_bytes).load(std::memory_order_relaxed);
  if (bytes > rank_page::most_bell_bytes) return;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, page + rank_page::bell_name, bytes);
  const std::byte once{};
  // A full queue of rings is as good as one more; a bell that is gone has nobody to wake.
  [[maybe_unused]] const auto rung =
      ::sendto(state_->socket.native_handle(), &once, 1, MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&name),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes));
}

}  // namespace prun::transport::shm
