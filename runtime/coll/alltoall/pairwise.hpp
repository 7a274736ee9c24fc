#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task alltoall_pairwise(Team team, AlltoallArguments arguments);

}  // namespace prun::coll
