#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launcher/job/host_states.hpp"

namespace prun::job {

// How long a host was in each phase, all its visits to it together. A value of one thread; times are
// given to it.
class PhaseTimes {
 public:
  using Clock = std::chrono::steady_clock;

  void enter(HostPhase phase, Clock::time_point now);
  void end(Clock::time_point now);
  Clock::duration in(HostPhase phase) const { return spent_[static_cast<std::size_t>(phase)]; }

 private:
  std::array<Clock::duration, static_cast<std::size_t>(HostPhase::failed) + 1> spent_{};
  std::optional<HostPhase> phase_;
  Clock::time_point since_{};
};

struct HostTimes {
  std::string host;
  PhaseTimes times;
};

// The table of --timing, line by line: a host each, its seconds for each part of the run.
std::vector<std::string> timing_table(const std::vector<HostTimes>& hosts,
                                      PhaseTimes::Clock::duration in_all);

}  // namespace prun::job
