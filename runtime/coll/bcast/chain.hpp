#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_chain(Team team, BcastArguments arguments);
Nanoseconds bcast_chain_cost(const Situation& situation);

}  // namespace prun::coll
