#pragma once

#include <prun/prun.hpp>

#include <csignal>
#include <cstdlib>
#include <string>

// For programs whose ranks look at what becomes of them when others are lost: survive, farm, restart.
namespace prun::test {

inline Environment* the_env = nullptr;  // set by main

// Ends the job with 9 where something does not hold: the test shows the words.
inline void check(bool holds, const std::string& what) {
  if (!holds) the_env->abort(9, what);
}

// Without a word to anybody.
[[noreturn]] inline void die() {
  std::raise(SIGKILL);
  std::abort();
}

}  // namespace prun::test
