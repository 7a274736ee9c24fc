#include "runtime/transport/tcp/link_silence.hpp"

// The C library's own tcp_info lacks what newer kernels tell; the two headers exclude each other.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace prun::transport {
namespace {

// In vain, each after twice the time of the one before: with the shortest times, three seconds.
constexpr unsigned attempts_in_vain = 4;

}  // namespace

std::optional<std::chrono::milliseconds> link_silence(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  // Data sent again, and questions whether a full receiver has room again: both are answered by the
  // kernel of a machine that is there.
  if (unsigned{info.tcpi_retransmits} + info.tcpi_probes < attempts_in_vain) return std::nullopt;
  return std::chrono::milliseconds(info.tcpi_last_ack_recv);
}

}  // namespace prun::transport
