#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_scatter_recursive_doubling(Team team, ReduceScatterArguments arguments);
Nanoseconds reduce_scatter_recursive_doubling_cost(const Situation& situation);

}  // namespace prun::coll
