#pragma once

#include <vector>

#include <prun/prun.hpp>

#include "options.hpp"
#include "report.hpp"

// Searches the numbers below the limit piece by piece: rank 0 hands pieces out, and again what a
// lost rank had; it searches by itself only when it is alone. At rank 0 what each rank has found,
// elsewhere nothing.
std::vector<Share> search_as_farm(const Options& options, const prun::Communicator& world);
