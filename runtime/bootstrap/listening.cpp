#include "runtime/bootstrap/listening.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <asio/ip/udp.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace prun::bootstrap {
namespace {

asio::error_code try_port(asio::ip::tcp::acceptor& acceptor, const asio::ip::tcp::endpoint& where,
                          int backlog) {
  asio::error_code error;
  acceptor.close(error);
  acceptor.open(where.protocol(), error);
  if (error) return error;
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  // A port that is asked for by number may have connections of an earlier job that wait out their
  // time; two that listen do not get the same one for all that.
  if (where.port() != 0) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(where, error);
  if (!error) acceptor.listen(backlog, error);
  return error;
}

// Another port may do.
bool is_of_the_port(const asio::error_code& error) {
  return error == asio::error::address_in_use || error == asio::error::access_denied;
}

core::Failure refused(const std::string& address, const core::PortRange& ports,
                      const asio::error_code& error) {
  std::string text = "cannot listen on " + address;
  if (ports.given()) text += ", ports " + ports.text();
  text += ": " + error.message();
  if (error == asio::error::address_in_use && ports.given()) {
    text = "no port is free on " + address + " of " + ports.text() +
           " (--ports); take a wider range, or end what listens there (ss -ltnp shows it)";
  }
  return {Errc::resource, text};
}

}  // namespace

core::Result<std::uint16_t> listen(asio::ip::tcp::acceptor& acceptor, const std::string& address,
                                   const core::PortRange& ports, std::uint32_t turn, int backlog) {
  asio::error_code error;
  const auto where = asio::ip::make_address(address, error);
  if (error) {
    return core::Failure{Errc::invalid_argument, "'" + address + "' is not a numeric address"};
  }
  const std::uint32_t tries = std::max<std::uint32_t>(ports.size(), 1);
  for (std::uint32_t i = 0; i < tries; ++i) {
    const auto port = static_cast<std::uint16_t>(ports.first + (turn + i) % tries);
    error = try_port(acceptor, {where, port}, backlog);
    if (!error) {
      const auto local = acceptor.local_endpoint(error);
      if (!error) return local.port();
    }
    if (!is_of_the_port(error)) break;
  }
  asio::error_code ignored;
  acceptor.close(ignored);
  return refused(address, ports, error);
}

core::Result<std::uint16_t> bind_datagrams(int socket, const asio::ip::address& address,
                                           const core::PortRange& ports) {
  const auto bound_to = [&](std::uint16_t port) {
    const asio::ip::udp::endpoint here(address, port);
    return ::bind(socket, here.data(), static_cast<socklen_t>(here.size())) == 0;
  };
  for (std::uint32_t i = 0; i < ports.size(); ++i) {
    const auto port = static_cast<std::uint16_t>(ports.first + i);
    if (bound_to(port)) return port;
  }
  asio::ip::udp::endpoint chosen;
  auto length = static_cast<socklen_t>(chosen.capacity());
  if (!bound_to(0) || ::getsockname(socket, chosen.data(), &length) != 0) {
    return core::Failure{Errc::resource, "cannot take datagrams on " + address.to_string() + ": " +
                                             std::generic_category().message(errno)};
  }
  return chosen.port();
}

}  // namespace prun::bootstrap
