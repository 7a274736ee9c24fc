#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allgather_bruck(Team team, AllgatherArguments arguments);
Nanoseconds allgather_bruck_cost(const Situation& situation);

}  // namespace prun::coll
