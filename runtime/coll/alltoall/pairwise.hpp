#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task alltoall_pairwise(Team team, AlltoallArguments arguments);
Nanoseconds alltoall_pairwise_cost(const Situation& situation);

}  // namespace prun::coll
