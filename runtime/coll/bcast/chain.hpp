#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task bcast_chain(Team team, BcastArguments arguments);

}  // namespace prun::coll
