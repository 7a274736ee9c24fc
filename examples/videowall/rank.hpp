#pragma once

#include <prun/prun.hpp>

#include "options.hpp"

namespace wall {

// What one rank does from the reading of the arguments to its end: its screen, and on rank 0 the
// Conductor as well. The exit status. Throws what ends the rank.
int run_rank(prun::Environment& env, const Options& options);

}  // namespace wall
