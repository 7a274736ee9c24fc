#include "runtime/transport/tcp/link_speed.hpp"

// The C library's own tcp_info lacks what newer kernels tell; the two headers exclude each other.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace prun::transport {

std::optional<double> confirmed_bytes_per_second(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_delivery_rate) + sizeof(info.tcpi_delivery_rate))
    return std::nullopt;
  // Where there was too little to send, the figure is the highest there ever was.
  if (info.tcpi_delivery_rate == 0 || info.tcpi_delivery_rate_app_limited) return std::nullopt;
  return static_cast<double>(info.tcpi_delivery_rate);
}

}  // namespace prun::transport
