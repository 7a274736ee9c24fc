#include "tests/ranks/allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
std::uint64_t count = 0;
}  // namespace

// Not inlined: the compiler would take the pairs of malloc and delete it then sees for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++count;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

std::uint64_t prun::test::allocations() {
  return count;
}
