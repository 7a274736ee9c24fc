#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_by_host(Team team, ReduceArguments arguments);
Nanoseconds reduce_by_host_cost(const Situation& situation);

}  // namespace prun::coll
