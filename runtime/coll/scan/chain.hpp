#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scan_chain(Team team, ScanArguments arguments);
Nanoseconds scan_chain_cost(const Situation& situation);

}  // namespace prun::coll
