#pragma once

#include <cstdint>

namespace prun::test {

// How often this program has taken memory by operator new, the library's included.
std::uint64_t allocations();

}  // namespace prun::test
