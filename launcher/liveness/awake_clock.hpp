#pragma once

#include <algorithm>
#include <chrono>

namespace prun::liveness {

// The time in which this process was awake, as far as it looks often enough: of a longer pause between
// two looks only `longest_step` counts. A launcher that was stopped (Ctrl-Z, a debugger), or that got
// no processor, has not waited for anybody meanwhile.
class AwakeClock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  AwakeClock(time_point now, std::chrono::milliseconds longest_step)
      : looked_(now), awake_(now), longest_step_(longest_step) {}

  time_point look(time_point now) {
    awake_ += std::min<std::chrono::steady_clock::duration>(now - looked_, longest_step_);
    looked_ = now;
    return awake_;
  }
  // As of the last look.
  time_point now() const { return awake_; }

 private:
  time_point looked_;
  time_point awake_;
  std::chrono::milliseconds longest_step_;
};

}  // namespace prun::liveness
