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

// The executable file that a name without slash stands for, or empty: the PATH of `environment`,
// relative entries seen from `directory`.
std::string search_path(const std::vector<std::string>& environment, const std::string& directory,
                        const std::string& name);

// The same for a list of folders by colons.
std::string search_folders(std::string_view folders, const std::string& directory,
                           const std::string& name);

// What the header of an ELF file says it was built for: "ARM 64-bit (aarch64)"; empty if it is no
// ELF file.
std::string elf_target(const std::string& path);

// The loader an ELF program asks for; empty for any that needs none.
std::string elf_loader(const std::string& path);

}  // namespace prun::agent
