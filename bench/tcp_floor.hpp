#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/report.hpp"
#include "bench/settings.hpp"
#include "bench/tcp_connection.hpp"

// What the wire and the kernel allow: the same measurements as latency and bandwidth of the other
// programs over a bare TCP connection, with nothing around the bytes. The connecting side measures
// and tells the listening side with each series what to do.
namespace prun::bench {

// Does what the other side says until that closes the connection.
void serve_floor(TcpConnection& connection);

// Names of the operations that exist here.
const std::vector<std::string>& floor_operations();

// Measures what the settings say, waiting in that way; each line is given away when it is there.
// The implementation in it is "tcp_spinning" or "tcp_blocking".
void measure_floor(TcpConnection& connection, const Settings& settings, Waiting waiting,
                   const std::function<void(const Line&)>& give);

}  // namespace prun::bench
