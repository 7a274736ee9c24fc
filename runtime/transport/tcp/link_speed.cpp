#include "runtime/transport/tcp/link_speed.hpp"

// The C library's own tcp_info lacks what newer kernels tell; the two headers exclude each other.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace prun::transport {

std::optional<LinkSpeed> link_speed(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_delivery_rate) + sizeof(info.tcpi_delivery_rate))
    return std::nullopt;
  LinkSpeed speed;
  // Where there was too little to send, the figure is the highest there ever was.
  if (info.tcpi_delivery_rate != 0 && !info.tcpi_delivery_rate_app_limited)
    speed.confirmed = static_cast<double>(info.tcpi_delivery_rate);
  // Not told before Linux 4.10: then always 0.
  speed.held_up = info.tcpi_rwnd_limited + info.tcpi_sndbuf_limited;
  speed.sent_again = info.tcpi_total_retrans;
  return speed;
}

bool limit_speed(int descriptor, std::uint32_t bytes_per_second) {
  return ::setsockopt(descriptor, SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_second,
                      sizeof(bytes_per_second)) == 0;
}

}  // namespace prun::transport
