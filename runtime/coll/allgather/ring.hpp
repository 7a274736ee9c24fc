#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allgather_ring(Team team, AllgatherArguments arguments);

}  // namespace prun::coll
