#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/hosts/host.hpp"
#include "launcher/hosts/placement.hpp"
#include "launcher/stage/offer.hpp"
#include "runtime/core/compression_mode.hpp"

namespace prun::cli {

// Everything the command line of a run said, checked and in one place. A plain value, made by the
// cli, read by the job.
struct RunOptions {
  std::vector<hosts::Host> hosts;  // from -H and --hostfile together, in order; empty: local
  hosts::PlacementRequest placement;
  std::vector<std::string> command;  // the program and its arguments, never empty

  std::vector<std::string> environment;  // NAME=VALUE from -x, -genv
  std::string directory;                 // --wdir; empty: where prun was started
  bool label = false;                    // -l
  core::CompressionMode compression = core::CompressionMode::automatic;  // --compress
  std::optional<std::chrono::milliseconds> timeout;  // --timeout, of the whole job
  std::chrono::milliseconds start_timeout{15000};    // --start-timeout, of each phase of starting
  std::uint32_t ssh_window = 32;                     // how many ssh logins may be under way at once
  std::vector<std::string> ssh_arguments;            // --ssh-args
  std::string ssh_program = "ssh";                   // --launcher-exec; tests use stand-ins
  stage::Mode stage_mode = stage::Mode::automatic;   // --stage=off|auto|always
  std::vector<std::string> staged_files;             // --stage FILE
  bool keeps_connections = true;                     // --no-persist: false
  int verbosity = 0;                                 // -v +1, -q -1
  std::vector<std::string> notes;  // for -v: options that were accepted and have no effect
};

}  // namespace prun::cli
