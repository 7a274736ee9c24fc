#include "runtime/clock/clock_line.hpp"

#include <algorithm>
#include <cmath>

namespace prun::clock {
namespace {

constexpr double least_slew_span = 200e6;
// While it is worked off time runs no more than so much faster or slower.
constexpr double slew_rate = 500e-6;
// What is farther behind jumps.
constexpr double most_slewed_forward = 10e6;

}  // namespace

Reading ClockLine::at(Nanoseconds local) const {
  const auto passed = static_cast<double>(local - since);
  const double left = slew * std::clamp(1.0 - passed / static_cast<double>(slew_span), 0.0, 1.0);
  const double bound = error + error_growth * std::max(passed, 0.0) + std::fabs(left);
  return {time + (local - since) + static_cast<Nanoseconds>(std::llround(rate * passed + left)),
          static_cast<Nanoseconds>(std::ceil(bound))};
}

ClockLine ClockLine::joined_to(const ClockLine& before) const {
  ClockLine line = *this;
  const auto ahead = static_cast<double>(before.at(since).time - time);
  line.slew = ahead < -most_slewed_forward ? 0 : ahead;
  line.slew_span =
      static_cast<Nanoseconds>(std::max(least_slew_span, std::fabs(line.slew) / slew_rate));
  return line;
}

}  // namespace prun::clock
