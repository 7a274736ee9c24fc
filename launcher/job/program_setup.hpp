#pragma once

#include "launcher/cli/environment.hpp"
#include "launcher/job/job_plan.hpp"
#include "runtime/bootstrap/control_messages.hpp"

namespace prun::job {

// What the agents are told of a program, for a host at that site.
bootstrap::Program program_for(const cli::ProgramOptions& options, const JobPlan& plan,
                               cli::RankSite site);

}  // namespace prun::job
