#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task barrier_dissemination(Team team, BarrierArguments arguments);
Nanoseconds barrier_dissemination_cost(const Situation& situation);

}  // namespace prun::coll
