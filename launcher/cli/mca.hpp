#pragma once

#include <string>

#include "launcher/cli/run_options.hpp"
#include "runtime/core/result.hpp"

namespace prun::cli {

// One setting of Open MPI's, KEY=VALUE from `--mca KEY VALUE`. Those about ssh have the effect they
// have there. Those that choose among Open MPI's parts become a note for -v. Those that ask for
// something prun cannot do are a Failure that says so.
core::Status apply_mca(const std::string& setting, RunOptions& options);

}  // namespace prun::cli
