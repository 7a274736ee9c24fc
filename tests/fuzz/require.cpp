#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace prun::fuzz
