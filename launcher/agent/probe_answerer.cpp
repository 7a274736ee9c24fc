#include "launcher/agent/probe_answerer.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <asio/ip/address.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <system_error>
#include <utility>

#include "launcher/liveness/probe.hpp"
#include "runtime/bootstrap/listening.hpp"

namespace prun::agent {
namespace {

core::Failure failed(int error) {
  return {Errc::resource, "cannot answer probes: " + std::generic_category().message(error)};
}

}  // namespace

core::Result<std::unique_ptr<ProbeAnswerer>> ProbeAnswerer::open(const std::string& address,
                                                                 const core::PortRange& ports,
                                                                 const security::Key& key) {
  asio::error_code error;
  const auto own = asio::ip::make_address(address, error);
  if (error) return failed(error.value());
  system::Descriptor socket(
      ::socket(own.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  system::Descriptor stop(::eventfd(0, EFD_CLOEXEC));
  if (!socket || !stop) return failed(errno);
  core::PortRange rest;
  if (ports.size() > 1) rest = {static_cast<std::uint16_t>(ports.first + 1), ports.last};
  const auto port = bootstrap::bind_datagrams(socket.get(), own, rest);
  if (!port.ok()) return port.failure();
  try {
    return std::unique_ptr<ProbeAnswerer>(
        new ProbeAnswerer(std::move(socket), std::move(stop), port.value(), key));
  } catch (const std::system_error& no_thread) {
    return failed(no_thread.code().value());
  }
}

ProbeAnswerer::ProbeAnswerer(system::Descriptor socket, system::Descriptor stop, std::uint16_t port,
                             const security::Key& key)
    : socket_(std::move(socket)), stop_(std::move(stop)), port_(port), key_(key) {
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } const restore{before};
  thread_ = std::thread([this] { serve(); });
}

ProbeAnswerer::~ProbeAnswerer() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void ProbeAnswerer::serve() const {
  std::array<pollfd, 2> waits{pollfd{socket_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) return;
    std::array<std::byte, 64> bytes{};
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t got = ::recvfrom(socket_.get(), bytes.data(), bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0) continue;
    const auto number = liveness::read_probe(key_, liveness::ProbeKind::question,
                                             std::span(bytes).first(static_cast<std::size_t>(got)));
    if (!number) continue;
    const auto answer = liveness::make_probe(key_, liveness::ProbeKind::answer, *number);
    ::sendto(socket_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
             length);
  }
}

}  // namespace prun::agent
