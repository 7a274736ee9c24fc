#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scan_doubling(Team team, ScanArguments arguments);

}  // namespace prun::coll
