#pragma once

#include <string>

#include "launcher/job/job_plan.hpp"

namespace prun::job {

// What --dry-run and --show-plan print: a line for each rank with its host and program, then how
// the hosts are reached. Whole lines.
std::string plan_text(const JobPlan& plan);

}  // namespace prun::job
