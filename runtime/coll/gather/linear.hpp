#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task gather_linear(Team team, GatherArguments arguments);

}  // namespace prun::coll
