#pragma once

#include "runtime/clock/local_clock.hpp"

namespace prun::clock {

// The job's time, and by how much it may be wrong at most, either way.
struct Reading {
  Nanoseconds time = 0;
  Nanoseconds error = 0;
};

// How the job's time follows from a host's clock for the next while: a straight line, joined
// smoothly to the one before it. A plain value.
struct ClockLine {
  Nanoseconds since = 0;    // by the host's clock
  Nanoseconds time = 0;     // the job's then
  double rate = 0;          // how much faster the job's clock is, as a fraction
  double error = 0;         // nanoseconds, at `since`
  double error_growth = 0;  // per nanosecond
  // What the line before it was ahead of this one at `since`; it is worked off in `slew_span`.
  double slew = 0;
  Nanoseconds slew_span = 1;

  Reading at(Nanoseconds local) const;

  // The same line, but beginning where `before` is: time never jumps back, and forward only where
  // it was far behind.
  ClockLine joined_to(const ClockLine& before) const;
};

}  // namespace prun::clock
