#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_recursive_doubling(Team team, AllreduceArguments arguments);
Nanoseconds allreduce_recursive_doubling_cost(const Situation& situation);

}  // namespace prun::coll
