#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task alltoall_interleaved(Team team, AlltoallArguments arguments);
Nanoseconds alltoall_interleaved_cost(const Situation& situation);

}  // namespace prun::coll
