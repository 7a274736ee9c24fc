#pragma once

#include <string>

#include "launcher/cli/run_options.hpp"
#include "runtime/core/result.hpp"

// The little languages in which mpiexec and mpirun are told about placement and binding. What has a
// meaning for prun goes into the options, what can be left out becomes a note for -v, and what
// cannot be had is a Failure that says what to do instead.
namespace prun::cli {

// --map-by: slot, node, ppr:N:node, core ...; behind it, by colons, nolocal, oversubscribe ...
core::Status apply_map_by(const std::string& text, RunOptions& options);

// --ppr: N:node.
core::Status apply_ppr(const std::string& text, const std::string& option, RunOptions& options);

// --bind-to: none, core; anything else leaves ranks free, with a note.
core::Status apply_bind_to(const std::string& text, RunOptions& options);

}  // namespace prun::cli
