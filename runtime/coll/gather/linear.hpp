#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task gather_linear(Team team, GatherArguments arguments);
Nanoseconds gather_linear_cost(const Situation& situation);

}  // namespace prun::coll
