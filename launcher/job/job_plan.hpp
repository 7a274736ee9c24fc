#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/cli/run_options.hpp"
#include "launcher/hosts/placement.hpp"
#include "launcher/ssh/kept_connections.hpp"
#include "launcher/stage/agent_binary.hpp"

namespace prun::job {

// One machine of the job.
struct PlannedHost {
  hosts::Host host;
  bool local = false;  // this machine: its agent is a plain child of prun
};

// Everything a job needs to know before it begins. A plain value, made by main.
struct JobPlan {
  cli::RunOptions options;
  std::vector<PlannedHost> hosts;              // at least one
  std::vector<std::uint32_t> host_of_rank;     // index into hosts
  std::vector<std::uint32_t> program_of_rank;  // index into options.programs
  // What the placement was made of, for another one without hosts that have failed; hosts without
  // ranks are in reserve.
  std::vector<hosts::PlacedProgram> placed_programs;
  hosts::PlacementRules rules;
  std::string own_path;                    // absolute, of the prun that runs
  ssh::KeptConnections kept_connections;   // empty: none are kept
  std::vector<stage::AgentBinary> agents;  // that can be sent
  std::vector<std::string> agent_folders;  // where those were looked for
  std::string directory;                   // absolute; where prun was started
  std::vector<std::string> environment;    // of prun itself, NAME=VALUE
  std::optional<rlimit> descriptor_limit;  // what children get; prun has raised its own
};

}  // namespace prun::job
