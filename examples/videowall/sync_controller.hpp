#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "programme.hpp"

namespace wall {

// Keeps a player in step: from how far it is ahead of the clock to the speed it should play at. A
// proportional controller: the error shrinks to a third in each `settling`. Nothing is needed to
// make up for clocks that drift, since 200 parts per million leave 0.2 ms of error. Speed stays
// within `speed_limit` of normal, which nobody sees; only an error beyond `jump_limit` asks for a
// seek.
//
// A player's word on its position comes late now and then, when its machine is busy, and never
// early. So of the last few errors the middle one counts.
class SyncController {
 public:
  static constexpr Seconds settling{1.0};
  static constexpr Seconds jump_limit{1.0};
  static constexpr double speed_limit = 0.03;

  struct Decision {
    double speed;
    bool jump;
  };
  // `error`: of the player's position, positive where it is ahead.
  Decision decide(Seconds error);

  // What it goes by now; nothing before the first error.
  std::optional<Seconds> error() const;
  // After a seek or a start all before is forgotten.
  void reset();

 private:
  static constexpr std::size_t remembered = 5;

  std::vector<Seconds> errors_;  // the newest last
};

}  // namespace wall
