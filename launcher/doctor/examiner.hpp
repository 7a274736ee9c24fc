#pragma once

#include <string>
#include <vector>

#include "launcher/cli/run_options.hpp"
#include "launcher/doctor/facts.hpp"
#include "launcher/stage/agent_binary.hpp"

namespace prun::doctor {

// What an examination is made with.
struct Tools {
  cli::RunOptions options;  // hosts and how ssh is to be called
  std::string own_path;     // absolute, of the prun that runs
  std::string machine;      // this machine's, as uname -m has it
  std::vector<stage::AgentBinary> agents;
  std::vector<std::string> agent_folders;
};

// Everything that can be found out of the hosts of the options; of this machine where they name
// none. Hosts are examined side by side, then the links between them, then the program. Alters
// nothing on any host. Blocks.
Examination examine(const Tools& tools);

}  // namespace prun::doctor
