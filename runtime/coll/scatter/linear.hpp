#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scatter_linear(Team team, ScatterArguments arguments);
Nanoseconds scatter_linear_cost(const Situation& situation);

}  // namespace prun::coll
