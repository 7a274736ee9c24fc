#pragma once

#include <cstdint>

namespace prun {

// Where a call stands in the program: what reports of jobs that hang name (docs/hangs.md). The last
// argument of every operation, which nobody writes:
//   void exchange(const prun::Communicator& world, prun::CallSite at = prun::CallSite::here());
// passes on the line of its own caller, which is the one of interest in a helper. A plain value that
// points to constants of the program; made without std::source_location because clang 14, of Debian
// 12, lacks it.
struct CallSite {
  const char* file = "";
  std::uint32_t line = 0;

  static constexpr CallSite here(const char* file = __builtin_FILE(),
                                 std::uint32_t line = __builtin_LINE()) noexcept {
    return {file, line};
  }
};

}  // namespace prun
