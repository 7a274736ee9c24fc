#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allgather_by_host(Team team, AllgatherArguments arguments);
Nanoseconds allgather_by_host_cost(const Situation& situation);

}  // namespace prun::coll
