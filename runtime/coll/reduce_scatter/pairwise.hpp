#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_scatter_pairwise(Team team, ReduceScatterArguments arguments);

}  // namespace prun::coll
