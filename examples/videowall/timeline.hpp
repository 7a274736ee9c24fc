#pragma once

#include <cstdint>

#include <prun/clock.hpp>

#include "programme.hpp"

namespace wall {

using Time = prun::Clock::time_point;

// An agreement of all screens, made before its time comes: at that time the programme stands at
// `position`, and goes on from there or stands still. It travels as it is, hence the plain numbers.
struct Cue {
  std::int64_t at_ns;     // of the clock of the job
  double position;        // seconds of the programme
  std::uint32_t number;   // 1, 2, 3 ...; none counts before it was told one
  std::uint32_t playing;  // 0: it stands still
};

Cue make_cue(std::uint32_t number, Time at, Seconds position, bool playing);
Time time_of(const Cue& cue);
// Where the programme stands after this cue.
Seconds position_at(const Cue& cue, Time now);

// Where the programme should be at any time: the last cue whose time has come says it, so that a cue
// can be told in advance while the one before it still holds. Every screen has one, and as they are
// told the same cues they agree without a word.
class Timeline {
 public:
  // A cue that is older than the newest one is ignored.
  void add(const Cue& cue);

  struct Target {
    Seconds position;
    bool playing;
  };
  // Before the first cue: the beginning, standing still.
  Target at(Time now) const;

  // The newest cue, whose time may be still to come. Its number is 0 where there is none.
  const Cue& newest() const { return newest_; }
  // Whether the newest cue only goes on with what was said before.
  bool newest_changes_nothing() const;

 private:
  Cue before_{};
  Cue newest_{};
};

}  // namespace wall
