#include "runtime/core/memory_of_machine.hpp"

#include <unistd.h>

#include <limits>

namespace prun::core {

std::uint64_t memory_of_machine() {
  static const std::uint64_t bytes = [] {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  }();
  return bytes;
}

}  // namespace prun::core
