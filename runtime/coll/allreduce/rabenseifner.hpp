#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_rabenseifner(Team team, AllreduceArguments arguments);
Nanoseconds allreduce_rabenseifner_cost(const Situation& situation);

}  // namespace prun::coll
