#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task exscan_doubling(Team team, ExscanArguments arguments);

}  // namespace prun::coll
