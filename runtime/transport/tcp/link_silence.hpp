#pragma once

#include <chrono>
#include <optional>

namespace prun::transport {

// How long the peer's machine has confirmed nothing of a TCP socket, though there is something to
// confirm and the kernel has asked again and again. Nothing where that is not so: a peer that is busy
// or stopped, and reads nothing, is answered for by its kernel. Where all was long quiet before, it is
// more than since the data were sent.
std::optional<std::chrono::milliseconds> link_silence(int descriptor);

}  // namespace prun::transport
