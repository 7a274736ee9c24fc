#pragma once

#include <string>

#include "launcher/system/leftovers.hpp"
#include "runtime/core/result.hpp"

namespace prun::agent {

// What this program does first when it has just been sent to its host and started from where it was
// written: makes sure that it is what was sent (`hash`, in hex), and takes its place in the cache
// folder under the name `target`. Without target it was put where nothing stays: it removes itself
// and the folder it was alone in, and runs on.
core::Status settle(const std::string& hash, const std::string& target);

// Before that: what would stay where this program was written if it were killed.
void note_arrival(const std::string& target, system::Leftovers& leftovers);

}  // namespace prun::agent
