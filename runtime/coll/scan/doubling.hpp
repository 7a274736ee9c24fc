#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scan_doubling(Team team, ScanArguments arguments);
Nanoseconds scan_doubling_cost(const Situation& situation);

}  // namespace prun::coll
