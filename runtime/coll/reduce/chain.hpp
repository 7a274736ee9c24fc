#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_chain(Team team, ReduceArguments arguments);
Nanoseconds reduce_chain_cost(const Situation& situation);

}  // namespace prun::coll
