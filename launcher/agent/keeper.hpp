#pragma once

#include <optional>

#include "launcher/system/leftovers.hpp"

namespace prun::agent {

// Divides the process in two before anything else is done. The child is the agent and gets nothing
// back; the parent watches it and answers the exit status to leave with. Each sees to it that
// nothing outlives the other: when the agent dies, however, the keeper ends what it has left
// behind, also the names on disk in `leftovers`; when the keeper dies the agent is told to end everything
// (SIGTERM, which is held back in the agent until it can do that: allow_termination()).
std::optional<int> keep_agent(system::Leftovers& leftovers);
void allow_termination();

// The agent's end where it cannot go on and may have no memory for any last step: the keeper ends what it
// leaves. The launcher reads why.
[[noreturn]] void leave_to_keeper(const char* why);

}  // namespace prun::agent
