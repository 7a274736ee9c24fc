#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_ring(Team team, AllreduceArguments arguments);

}  // namespace prun::coll
