#include "runtime/security/random.hpp"

#include <sodium.h>

#include "runtime/core/assert.hpp"

namespace prun::security {

void random_bytes(std::span<std::byte> out) {
  PRUN_ASSERT(sodium_init() >= 0);
  randombytes_buf(out.data(), out.size());
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  random_bytes(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace prun::security
