#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_ring(Team team, AllreduceArguments arguments);
Nanoseconds allreduce_ring_cost(const Situation& situation);

}  // namespace prun::coll
