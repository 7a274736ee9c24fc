#pragma once

#include <asio/error_code.hpp>
#include <asio/ip/tcp.hpp>

#include <chrono>
#include <string>

#include "runtime/core/port_range.hpp"

namespace prun::transport {

// Why a peer cannot be connected to, and what to do, to stand behind its name: a peer that refuses
// (nothing listens there) is told from one that does not answer (a firewall drops what comes).
// `error` is asio::error::timed_out where it did not answer within `limit`. `ports` are those of
// the job.
std::string unreachable_words(const asio::ip::tcp::endpoint& endpoint,
                              const asio::error_code& error, std::chrono::seconds limit,
                              const core::PortRange& ports);

}  // namespace prun::transport
