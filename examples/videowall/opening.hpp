#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <prun/prun.hpp>

#include "film_loan.hpp"
#include "options.hpp"

namespace wall {

// What a rank has when its screen may begin.
struct Opening {
  prun::Communicator comm;         // of all that are there, rank 0 its first
  std::vector<std::string> films;  // as they are to be opened on this host
  int exit_status = 0;             // not 0: something is missing, and people have been told
};

// Brings films to where they are missing and looks for what keeps ranks from playing, all ranks
// together, and without those that are lost meanwhile. Ranks that were started again do it each by
// itself, while others play; so do all when rank 0 was lost before. Nothing where there is no wall to
// play in: it has ended, or rank 0 is gone. A line for people goes to `say`.
std::optional<Opening> open_wall(prun::Environment& env, const Options& options,
                                 const FilmLender& lender,
                                 const std::function<void(const std::string&)>& say);

}  // namespace wall
