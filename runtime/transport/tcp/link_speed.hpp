#pragma once

#include <cstdint>
#include <optional>

namespace prun::transport {

// What the kernel tells of the way that a TCP socket's data go.
struct LinkSpeed {
  // Bytes per second that the peer has lately confirmed while there was enough to send.
  std::optional<double> confirmed;
  // In all, microseconds that a full receiver or a full buffer of our own kept the socket from
  // sending, and packets sent again.
  std::uint64_t held_up = 0;
  std::uint64_t sent_again = 0;
};

// Nothing where the kernel does not tell: Linux before 4.9.
std::optional<LinkSpeed> link_speed(int descriptor);

// Lets the socket send no more than so many bytes per second from now on; UINT32_MAX is as fast as it
// goes. True if the kernel has agreed; before Linux 4.13 it does not keep to it.
bool limit_speed(int descriptor, std::uint32_t bytes_per_second);

}  // namespace prun::transport
