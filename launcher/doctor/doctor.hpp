#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/cli/run_options.hpp"
#include "launcher/doctor/examiner.hpp"

namespace prun::doctor {

// The words behind `prun doctor`. It runs jobs by starting itself once more: `run` says that this is
// such a job, and what is special about it.
struct Order {
  enum class Kind { examine, links_run, program_run };
  Kind kind = Kind::examine;
  std::vector<std::string> arguments;  // options and program, as of a run
};
Order parse_order(const std::vector<std::string>& words);

// Makes the options of a run those of a job of the doctor's.
void prepare_run(Order::Kind kind, cli::RunOptions& options);

// Examines, prints and answers the exit status.
int run_doctor(const Tools& tools);

std::string help_text();

}  // namespace prun::doctor
