#pragma once

namespace prun::core {

// Prints file, line and the broken condition, then aborts. For bugs of prun itself, never for a
// peer's bytes.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace prun::core

// Stays on in release builds: each use is a compare and a never-taken branch.
#define PRUN_ASSERT(condition)            \
  (static_cast<bool>(condition) ? void(0) \
                                : ::prun::core::assertion_failed(#condition, __FILE__, __LINE__))
