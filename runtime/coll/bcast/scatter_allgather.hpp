#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_scatter_allgather(Team team, BcastArguments arguments);
Nanoseconds bcast_scatter_allgather_cost(const Situation& situation);

}  // namespace prun::coll
