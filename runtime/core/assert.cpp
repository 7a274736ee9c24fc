#include "runtime/core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace prun::core {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "prun: this is a bug in prun, please report it: %s does not hold at %s:%d\n",
               condition, file, line);
  std::abort();
}

}  // namespace prun::core
