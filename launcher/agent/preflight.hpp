#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/bootstrap/control_messages.hpp"

// The checks of a program before any rank of any host is started.
namespace prun::agent {

// A program that can run here, and how.
struct Runnable {
  std::string path;  // executed
  std::vector<std::string>
      arguments;          // may differ from the typed ones: a script without #! runs under sh
  std::string directory;  // exists
  std::vector<std::string> notes;  // for the user
};

// One line for the user without the host's name, and the exit status that fits: 125, 126 or 127.
using Check = std::variant<Runnable, bootstrap::AgentProblem>;

// `environment` is the one the ranks will have: its PATH is searched, its HOME stands in for a
// missing directory.
// Where the program was sent here, `sent` is executed in place of what its name stands for.
Check check_program(const bootstrap::Program& program, const std::vector<std::string>& environment,
                    const std::string& sent = {});

}  // namespace prun::agent
