#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_pairwise(Team team, AllreduceArguments arguments);

}  // namespace prun::coll
