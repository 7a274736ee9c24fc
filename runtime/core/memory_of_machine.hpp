#pragma once

#include <cstdint>

namespace prun::core {

// Bytes of memory that this machine has. Whoever announces more than that cannot mean it. Any thread.
std::uint64_t memory_of_machine();

}  // namespace prun::core
