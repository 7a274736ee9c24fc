#pragma once

#include <optional>

namespace prun::transport {

// Bytes per second that the peer of a TCP socket has lately confirmed while there was enough to
// send, as the kernel counts them. Nothing where it does not tell: Linux before 4.9.
std::optional<double> confirmed_bytes_per_second(int descriptor);

}  // namespace prun::transport
