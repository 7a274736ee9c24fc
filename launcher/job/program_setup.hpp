#pragma once

#include <string>
#include <string_view>

#include "launcher/cli/environment.hpp"
#include "launcher/job/job_plan.hpp"
#include "launcher/stage/messages.hpp"
#include "launcher/stage/program_choice.hpp"
#include "runtime/bootstrap/control_messages.hpp"

namespace prun::job {

// The folder the ranks of a program are to run in, absolute.
std::string directory_of(const cli::ProgramOptions& options, const JobPlan& plan);

// The files that the program is on hosts with different processors.
stage::ProgramChoice choice_of(const cli::ProgramOptions& options, const JobPlan& plan);

// What the agents are told of a program, for a host at that site; `machine` is its `uname -m`.
bootstrap::Program program_for(const cli::ProgramOptions& options, const JobPlan& plan,
                               cli::RankSite site, std::string_view machine = {});

// The offer as a host with that processor gets it: each program by its file for it.
stage::StageOffer offer_for(const stage::StageOffer& offer, const JobPlan& plan,
                            std::string_view machine);

// Why a program that has a file for each processor may be missing on a host with that one: what was
// looked for here and what there is; empty where all is there, or nothing depends on processors.
std::string missing_for(const cli::ProgramOptions& options, const JobPlan& plan,
                        std::string_view machine);

}  // namespace prun::job
