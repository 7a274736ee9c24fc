#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task exscan_doubling(Team team, ExscanArguments arguments);
Nanoseconds exscan_doubling_cost(const Situation& situation);

}  // namespace prun::coll
