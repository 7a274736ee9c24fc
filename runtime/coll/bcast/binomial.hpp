#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_binomial(Team team, BcastArguments arguments);

}  // namespace prun::coll
