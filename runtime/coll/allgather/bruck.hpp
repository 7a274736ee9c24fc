#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task allgather_bruck(Team team, AllgatherArguments arguments);

}  // namespace prun::coll
