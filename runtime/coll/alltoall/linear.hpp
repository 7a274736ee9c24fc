#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task alltoall_linear(Team team, AlltoallArguments arguments);

}  // namespace prun::coll
