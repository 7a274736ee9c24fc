#pragma once

#include <string>

#include "launcher/cli/environment.hpp"
#include "launcher/job/job_plan.hpp"
#include "runtime/bootstrap/control_messages.hpp"

namespace prun::job {

// The folder the ranks of a program are to run in, absolute.
std::string directory_of(const cli::ProgramOptions& options, const JobPlan& plan);

// What the agents are told of a program, for a host at that site.
bootstrap::Program program_for(const cli::ProgramOptions& options, const JobPlan& plan,
                               cli::RankSite site);

}  // namespace prun::job
