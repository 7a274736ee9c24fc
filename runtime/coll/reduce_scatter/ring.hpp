#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_scatter_ring(Team team, ReduceScatterArguments arguments);
Nanoseconds reduce_scatter_ring_cost(const Situation& situation);

}  // namespace prun::coll
