#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scatter_binomial(Team team, ScatterArguments arguments);

}  // namespace prun::coll
