#pragma once

#include <optional>

#include "launcher/system/leftovers.hpp"

namespace prun::agent {

// Divides the process before anything else is done into a keeper, its child, another keeper, and its
// child, the agent, which gets nothing back; keepers answer the exit status to leave with. Each sees to it
// that nothing outlives the others: whichever one or two of them die, however, a keeper ends all that is
// left below it and removes the names on disk in `leftovers`, or the agent is told to end everything
// (SIGTERM, which is held back in the agent until it can do that: allow_termination()).
std::optional<int> keep_agent(system::Leftovers& leftovers);
void allow_termination();

// The agent's end where it cannot go on and may have no memory for any last step: the keeper ends what it
// leaves. The launcher reads why.
[[noreturn]] void leave_to_keeper(const char* why);

}  // namespace prun::agent
