#pragma once

#include <string>
#include <variant>
#include <vector>

#include "launcher/cli/run_options.hpp"

namespace prun::cli {

// Something to print instead of running: help, version, or what is wrong with the command line.
struct Printout {
  std::string text;  // whole lines
  int exit_status = 0;
  bool is_error = false;  // goes to standard error
};

using ParsedCommandLine = std::variant<RunOptions, Printout>;

// Must a program be named?
enum class ProgramNeed { required, optional };

// Reads prun's arguments (without argv[0]), the hostfiles they name and the user's settings.
// `environment` is prun's own, NAME=VALUE: -x NAME takes its value from there, and defaults stand
// there too. Options end at the program's name.
ParsedCommandLine parse(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment,
                        ProgramNeed need = ProgramNeed::required);

}  // namespace prun::cli
