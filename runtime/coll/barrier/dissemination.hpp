#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task barrier_dissemination(Team team, BarrierArguments arguments);

}  // namespace prun::coll
