#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_binomial(Team team, ReduceArguments arguments);
Nanoseconds reduce_binomial_cost(const Situation& situation);

}  // namespace prun::coll
