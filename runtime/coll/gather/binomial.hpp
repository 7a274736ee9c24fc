#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task gather_binomial(Team team, GatherArguments arguments);

}  // namespace prun::coll
