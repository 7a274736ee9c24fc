#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_pairwise(Team team, AllreduceArguments arguments);
Nanoseconds allreduce_pairwise_cost(const Situation& situation);

}  // namespace prun::coll
