#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_by_host(Team team, AllreduceArguments arguments);
Nanoseconds allreduce_by_host_cost(const Situation& situation);

}  // namespace prun::coll
