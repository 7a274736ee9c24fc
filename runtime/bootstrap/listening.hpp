#pragma once

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"

namespace prun::bootstrap {

// Makes a closed acceptor listen on a numeric address and answers the port: one of the range, or of
// the system's choice where there is none. Who starts beside others tries the port at its `turn`
// first, so that they do not all want the same; then those behind it, round again. The descriptor
// is not for children. A Failure says what to do.
core::Result<std::uint16_t> listen(asio::ip::tcp::acceptor& acceptor, const std::string& address,
                                   const core::PortRange& ports, std::uint32_t turn, int backlog);

// Binds a UDP socket and answers the port: the first of the range that is free, or one of the system's
// choice, which without a firewall does as well.
core::Result<std::uint16_t> bind_datagrams(int socket, const asio::ip::address& address,
                                           const core::PortRange& ports);

}  // namespace prun::bootstrap
