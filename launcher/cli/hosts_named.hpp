#pragma once

#include <vector>

#include "launcher/cli/run_options.hpp"
#include "launcher/hosts/host.hpp"

namespace prun::cli {

// Every host that a command line names, in order and once: -H a,a is a machine with two places.
std::vector<hosts::Host> hosts_named(const RunOptions& options);

}  // namespace prun::cli
