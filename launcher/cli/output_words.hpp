#pragma once

#include <string>

#include "launcher/cli/run_options.hpp"
#include "runtime/core/result.hpp"

namespace prun::cli {

// --output of Open MPI: tag, timestamp, merge, raw, dir=DIR, file=NAME, by commas; behind a colon
// nocopy, raw. A Failure says what is not understood.
core::Status apply_output(const std::string& text, RunOptions& options);

// --output-from: ranks by commas, "0,3-5".
core::Status apply_output_from(const std::string& text, RunOptions& options);

// --output-dir and mpirun's --output-filename: DIR/rank.N.out and DIR/rank.N.err.
void apply_output_dir(const std::string& folder, RunOptions& options);

}  // namespace prun::cli
