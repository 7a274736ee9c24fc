#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task reduce_binomial(Team team, ReduceArguments arguments);

}  // namespace prun::coll
