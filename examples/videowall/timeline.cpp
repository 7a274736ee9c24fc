#include "timeline.hpp"

#include <chrono>
#include <cmath>

namespace wall {

Cue make_cue(std::uint32_t number, Time at, Seconds position, bool playing) {
  return {at.time_since_epoch().count(), position.count(), number, playing ? 1U : 0U};
}

Time time_of(const Cue& cue) {
  return Time(std::chrono::nanoseconds(cue.at_ns));
}

Seconds position_at(const Cue& cue, Time now) {
  const Seconds position(cue.position);
  if (cue.playing == 0 || now <= time_of(cue)) return position;
  return position + std::chrono::duration_cast<Seconds>(now - time_of(cue));
}

void Timeline::add(const Cue& cue) {
  if (cue.number <= newest_.number) return;
  before_ = newest_;
  newest_ = cue;
}

Timeline::Target Timeline::at(Time now) const {
  const bool has_come = newest_.number != 0 && now >= time_of(newest_);
  const Cue& holds = has_come ? newest_ : before_;
  return {position_at(holds, now), holds.playing != 0};
}

bool Timeline::newest_changes_nothing() const {
  constexpr double rounding = 1e-6;
  if (before_.number == 0 || before_.playing != newest_.playing) return false;
  return std::abs(position_at(before_, time_of(newest_)).count() - newest_.position) < rounding;
}

}  // namespace wall
