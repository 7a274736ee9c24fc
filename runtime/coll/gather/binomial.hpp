#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task gather_binomial(Team team, GatherArguments arguments);
Nanoseconds gather_binomial_cost(const Situation& situation);

}  // namespace prun::coll
