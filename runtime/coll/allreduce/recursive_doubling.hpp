#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allreduce_recursive_doubling(Team team, AllreduceArguments arguments);

}  // namespace prun::coll
