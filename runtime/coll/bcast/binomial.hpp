#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_binomial(Team team, BcastArguments arguments);
Nanoseconds bcast_binomial_cost(const Situation& situation);

}  // namespace prun::coll
