#pragma once

namespace prun::agent {

// `agent [--local | --arrived HASH TARGET]`: serves the launcher over standard input and output
// until it leaves; one that was just sent settles first (arrival.hpp). Answers the exit status.
int agent_main(int argc, char** argv);

}  // namespace prun::agent
