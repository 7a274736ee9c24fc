#pragma once

namespace prun::agent {

// `prun agent [--local]`: serves the launcher over standard input and output until it leaves.
// `--check` only says by its exit status that this binary runs on this host. Answers the exit
// status.
int agent_main(int argc, char** argv);

}  // namespace prun::agent
