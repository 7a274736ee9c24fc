#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task exscan_chain(Team team, ExscanArguments arguments);
Nanoseconds exscan_chain_cost(const Situation& situation);

}  // namespace prun::coll
