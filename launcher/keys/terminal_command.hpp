#pragma once

#include <string>
#include <vector>

namespace prun::keys {

// Runs a command that speaks with the user itself: it has our standard descriptors and the terminal.
// Its exit status; 128 + N where signal N ended it, 127 where there is no such program.
int run_on_terminal(const std::vector<std::string>& command);

// Is there a terminal on which ssh can ask? Or a program that asks in its place (SSH_ASKPASS).
bool can_ask(const std::vector<std::string>& environment);

}  // namespace prun::keys
