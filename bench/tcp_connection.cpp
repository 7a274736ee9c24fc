#include "bench/tcp_connection.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "bench/statistics.hpp"

namespace prun::bench {

namespace {

[[noreturn]] void fail(const std::string& what, int code) {
  throw std::runtime_error(what + ": " + std::generic_category().message(code));
}

// IPv4, a number or a name.
sockaddr_in resolve(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    throw std::runtime_error("the address " + address + " is not known: " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  sockaddr_in result = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  result.sin_port = htons(port);
  return result;
}

int new_socket() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket", errno);
  return descriptor;
}

void set_option(int descriptor, int level, int name) {
  const int on = 1;
  if (setsockopt(descriptor, level, name, &on, sizeof(on)) != 0) fail("setsockopt", errno);
}

// EWOULDBLOCK is the same number as EAGAIN on Linux.
bool again(int error) {
  return error == EAGAIN || error == EINTR;
}

}  // namespace

TcpConnection::TcpConnection(int descriptor) : descriptor_(descriptor) {
  set_option(descriptor_, IPPROTO_TCP, TCP_NODELAY);
}

TcpConnection::~TcpConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

TcpConnection::TcpConnection(TcpConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), waiting_(other.waiting_) {}

TcpConnection TcpConnection::connect(const std::string& address, std::uint16_t port,
                                     double seconds) {
  const sockaddr_in to = resolve(address, port);
  const auto start = Clock::now();
  while (true) {
    const int descriptor = new_socket();
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
      return TcpConnection(descriptor);
    }
    const int error = errno;
    ::close(descriptor);
    if (error != ECONNREFUSED || seconds_since(start) > seconds) {
      fail("connecting to " + address + " port " + std::to_string(port) +
               " (is bench_tcp --listen running there?)",
           error);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void TcpConnection::send_all(std::span<const std::byte> data) {
  const int flags = MSG_NOSIGNAL | (waiting_ == Waiting::spinning ? MSG_DONTWAIT : 0);
  while (!data.empty()) {
    const ssize_t sent = ::send(descriptor_, data.data(), data.size(), flags);
    if (sent > 0) {
      data = data.subspan(static_cast<std::size_t>(sent));
    } else if (!again(errno)) {
      fail("sending to the other side", errno);
    }
  }
}

bool TcpConnection::recv_all(std::span<std::byte> data) {
  const int flags = waiting_ == Waiting::spinning ? MSG_DONTWAIT : 0;
  bool begun = false;
  while (!data.empty()) {
    const ssize_t received = ::recv(descriptor_, data.data(), data.size(), flags);
    if (received > 0) {
      data = data.subspan(static_cast<std::size_t>(received));
      begun = true;
    } else if (received == 0) {
      if (!begun) return false;
      throw std::runtime_error("the other side closed the connection in the middle of a message");
    } else if (!again(errno)) {
      fail("receiving from the other side", errno);
    }
  }
  return true;
}

bool TcpConnection::within_one_host() const {
  sockaddr_in ours{};
  sockaddr_in theirs{};
  socklen_t size = sizeof(ours);
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&ours), &size) != 0) {
    fail("getsockname", errno);
  }
  size = sizeof(theirs);
  if (getpeername(descriptor_, reinterpret_cast<sockaddr*>(&theirs), &size) != 0) {
    fail("getpeername", errno);
  }
  return ours.sin_addr.s_addr == theirs.sin_addr.s_addr;
}

TcpListener::TcpListener(const std::string& address, std::uint16_t port)
    : descriptor_(new_socket()) {
  set_option(descriptor_, SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in at = resolve(address, port);
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0 ||
      ::listen(descriptor_, 1) != 0) {
    fail("listening at " + address + " port " + std::to_string(port), errno);
  }
}

TcpListener::~TcpListener() {
  ::close(descriptor_);
}

std::uint16_t TcpListener::port() const {
  sockaddr_in at{};
  socklen_t size = sizeof(at);
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    fail("getsockname", errno);
  }
  return ntohs(at.sin_port);
}

TcpConnection TcpListener::accept() {
  while (true) {
    const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) return TcpConnection(descriptor);
    if (errno != EINTR && errno != ECONNABORTED) fail("accept", errno);
  }
}

}  // namespace prun::bench
