#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "launcher/ssh/standard_pipes.hpp"
#include "launcher/system/spawn.hpp"
#include "runtime/core/result.hpp"

namespace prun::ssh {

// A child of the launcher, ssh or an agent on this machine, with a pipe on each standard
// descriptor. It leads a process group of its own, so that the terminal's keys do not reach it, and
// hears `death_signal` when the launcher dies.
struct ChildProcess {
  pid_t pid = 0;
  StandardPipes::Ends ends;    // of its pipes, ours
  system::StartReport report;  // it may not have come to its program yet, or never do
};

// A program without slash is searched in PATH. Does not wait until it runs. Call from the thread that
// lives as long as the launcher.
core::Result<ChildProcess> start_child(const std::vector<std::string>& arguments, int death_signal,
                                       const std::optional<rlimit>& descriptor_limit);

}  // namespace prun::ssh
