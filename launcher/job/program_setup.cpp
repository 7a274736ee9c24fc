#include "launcher/job/program_setup.hpp"

#include <filesystem>

namespace prun::job {

bootstrap::Program program_for(const cli::ProgramOptions& options, const JobPlan& plan,
                               cli::RankSite site) {
  bootstrap::Program program;
  program.arguments = options.command;
  program.environment = cli::rank_environment(plan.environment, options.environment, site);
  program.directory = plan.directory;
  if (!options.directory.empty()) {
    program.directory =
        (std::filesystem::path(plan.directory) / options.directory).lexically_normal().string();
  }
  program.directory_required = !options.directory.empty();
  return program;
}

}  // namespace prun::job
