#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_scatter_pairwise(Team team, ReduceScatterArguments arguments);
Nanoseconds reduce_scatter_pairwise_cost(const Situation& situation);

}  // namespace prun::coll
