#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task barrier_by_host(Team team, BarrierArguments arguments);
Nanoseconds barrier_by_host_cost(const Situation& situation);

}  // namespace prun::coll
