#pragma once

#include <string>
#include <vector>

#include "launcher/cli/run_options.hpp"

namespace prun::keys {

// `prun keys -H ...`: sets up logins without a password as one does by hand. A key where there is
// none (ssh-keygen), host keys that ssh shows for confirmation, our key where it is refused
// (ssh-copy-id). Whatever has to be asked is asked by ssh itself, on the terminal; no check of ssh's
// is weakened, and a host that works is left as it is. Answers prun's exit status: 0 all hosts let
// us in, 1 some do not, 125 nothing could be done.
int run_keys(const cli::RunOptions& options, const std::vector<std::string>& environment);

std::string help_text();

}  // namespace prun::keys
