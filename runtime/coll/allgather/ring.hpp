#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allgather_ring(Team team, AllgatherArguments arguments);
Nanoseconds allgather_ring_cost(const Situation& situation);

}  // namespace prun::coll
