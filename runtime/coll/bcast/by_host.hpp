#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_by_host(Team team, BcastArguments arguments);
Nanoseconds bcast_by_host_cost(const Situation& situation);

}  // namespace prun::coll
