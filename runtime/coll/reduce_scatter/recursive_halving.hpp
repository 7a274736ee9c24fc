#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

// For powers of two and operations that commute.
bool recursive_halving_fits(const Situation& situation);
Task reduce_scatter_recursive_halving(Team team, ReduceScatterArguments arguments);
Nanoseconds reduce_scatter_recursive_halving_cost(const Situation& situation);

}  // namespace prun::coll
