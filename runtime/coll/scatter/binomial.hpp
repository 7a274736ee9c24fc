#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scatter_binomial(Team team, ScatterArguments arguments);
Nanoseconds scatter_binomial_cost(const Situation& situation);

}  // namespace prun::coll
