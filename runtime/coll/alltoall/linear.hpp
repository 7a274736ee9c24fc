#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task alltoall_linear(Team team, AlltoallArguments arguments);
Nanoseconds alltoall_linear_cost(const Situation& situation);

}  // namespace prun::coll
