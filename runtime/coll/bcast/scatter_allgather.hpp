#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_scatter_allgather(Team team, BcastArguments arguments);

}  // namespace prun::coll
