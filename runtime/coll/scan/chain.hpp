#pragma once

#include "runtime/coll/algorithm.hpp"

namespace prun::coll {

Task scan_chain(Team team, ScanArguments arguments);

}  // namespace prun::coll
