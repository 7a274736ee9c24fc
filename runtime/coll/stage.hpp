#pragma once

#include <utility>

#include "runtime/coll/selector.hpp"

namespace prun::coll {

// Stage of a larger algorithm: the cheapest way of an operation among `team`, a part of the larger
// one's, by the links that one was chosen by. The same call, the same order of messages.
template <class Arguments>
Task stage(Team team, Arguments arguments) {
  Situation situation = situation_of(team, arguments);
  situation.links = team.links();
  Tuning tuning;
  const Choice<Arguments> choice = cheapest<Arguments>(situation, tuning);
  if (choice.segment_bytes != 0) team.set_segment_bytes(choice.segment_bytes);
  return choice.algorithm->run(team, std::move(arguments));
}

}  // namespace prun::coll
