#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "runtime/clock/clock_line.hpp"
#include "runtime/clock/local_clock.hpp"

namespace prun::clock {

// A question to the host that gives the time, and its answer.
struct Exchange {
  Nanoseconds asked = 0;      // by the own clock, before the question left
  Nanoseconds received = 0;   // the job's time there when it came, or later
  Nanoseconds answered = 0;   // the job's time there before the answer left
  Nanoseconds came_back = 0;  // by the own clock when it came, or later
  Nanoseconds error = 0;      // of the job's time there
};

// Finds the job's time from exchanges.
//
// Nothing arrives before it was sent, so each exchange bounds the true line twice: when the question
// left it was no later than `received`, when the answer came no earlier than `answered`. Of all
// straight lines between these bounds the extreme ones are found at every update (a linear program
// with two unknowns, so two bounds decide each); the middle between them is the estimate, half
// their distance the bound of its error. Exchanges that met no queue bound best, and those of a
// minute ago still bound the rate: that is a minimum-round-trip filter and a regression in one,
// and, other than those, it knows how wrong it may be. Cristian, "Probabilistic clock
// synchronization", 1989; Marzullo and Owicki, "Maintaining the time in a distributed system",
// 1983; lines between bounds: Zhang, Liu and Xia, "Clock synchronization algorithms for network
// measurements", INFOCOM 2002.
//
// Clocks are taken to differ by 1000 parts per million at most, and to change their rate by 1 part
// per million at most within the 200 s that are looked at; where that is not so the bounds
// contradict each other and the older ones are dropped. A plain value.
class OffsetFilter {
 public:
  OffsetFilter() = default;
  // One that begins where another has ended: as long as exchanges say next to nothing of the rate it is
  // taken to be about this.
  explicit OffsetFilter(double likely_rate) : likely_rate_(likely_rate) {}

  void add(const Exchange& exchange);

  // From here on; nothing before the first exchange.
  std::optional<ClockLine> estimate(Nanoseconds local_now);

  std::size_t exchanges() const { return exchanges_.size(); }

 private:
  void forget_old(Nanoseconds now);

  std::optional<double> likely_rate_;
  std::vector<Exchange> exchanges_;  // in the order they came
};

}  // namespace prun::clock
