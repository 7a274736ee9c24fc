#include "launcher/job/program_setup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace prun::job {
namespace {

bool is_among(std::string_view name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What prun passes on of its own environment, and what must go although the agent has it: an agent
// on this machine is a child of prun.
struct OwnVariables {
  std::vector<std::string> passed_on;
  std::vector<std::string> unset;
};

OwnVariables choose(const cli::ProgramOptions& options, const JobPlan& plan, cli::RankSite site) {
  OwnVariables chosen;
  chosen.unset = options.unset;
  for (const auto& variable : plan.environment) {
    const std::string name = variable.substr(0, variable.find('='));
    // Those of this machine and login stay here also when all of the user's are to go.
    const bool is_users =
        cli::is_forwarded(name, cli::RankSite::other_machine) || name == "LD_LIBRARY_PATH";
    if (is_among(name, options.unset)) continue;
    if (!options.passed_on || !is_users || is_among(name, *options.passed_on)) {
      chosen.passed_on.push_back(variable);
    } else if (site == cli::RankSite::here) {
      chosen.unset.push_back(name);
    }
  }
  return chosen;
}

// What -envlist names goes to every host, as with -x.
std::vector<std::string> given(const cli::ProgramOptions& options, const JobPlan& plan) {
  std::vector<std::string> variables;
  if (options.passed_on) {
    for (const auto& name : *options.passed_on) {
      if (const auto value = cli::value_in(plan.environment, name))
        variables.push_back(name + "=" + *value);
    }
  }
  variables.insert(variables.end(), options.environment.begin(), options.environment.end());
  return variables;
}

}  // namespace

std::string directory_of(const cli::ProgramOptions& options, const JobPlan& plan) {
  if (options.directory.empty()) return plan.directory;
  return (std::filesystem::path(plan.directory) / options.directory).lexically_normal().string();
}

stage::ProgramChoice choice_of(const cli::ProgramOptions& options, const JobPlan& plan) {
  return {options.command.front(), options.files_by_processor, directory_of(options, plan)};
}

stage::StageOffer offer_for(const stage::StageOffer& offer, const JobPlan& plan,
                            std::string_view machine) {
  stage::StageOffer chosen = offer;
  for (std::size_t i = 0; i < plan.options.programs.size(); ++i) {
    const auto choice = choice_of(plan.options.programs[i], plan);
    if (!choice.depends_on_processor()) continue;
    stage::choose_program(chosen, static_cast<std::uint32_t>(i), choice.name_for(machine),
                          choice.directory);
  }
  return chosen;
}

std::string missing_for(const cli::ProgramOptions& options, const JobPlan& plan,
                        std::string_view machine) {
  const auto choice = choice_of(options, plan);
  if (!choice.depends_on_processor()) return {};
  const auto files = choice.files_here();
  const std::string name = choice.name_for(machine);
  const bool is_here = std::any_of(files.begin(), files.end(),
                                   [&](const auto& file) { return file.second == name; });
  if (is_here) return {};
  std::vector<std::string> there;
  for (const auto& [of, file] : files) there.push_back(file);
  return fmt::format(
      "its processor is {}; looked for here: {}; here is {}", machine,
      fmt::join(choice.names_for(machine), ", "),
      there.empty() ? std::string("none of it") : fmt::format("{}", fmt::join(there, ", ")));
}

bootstrap::Program program_for(const cli::ProgramOptions& options, const JobPlan& plan,
                               cli::RankSite site, std::string_view machine) {
  bootstrap::Program program;
  program.arguments = options.command;
  const auto choice = choice_of(options, plan);
  if (choice.depends_on_processor()) program.arguments.front() = choice.name_for(machine);
  auto own = choose(options, plan, site);
  program.environment = cli::rank_environment(own.passed_on, given(options, plan), site);
  if (const auto kind = cli::value_in(plan.environment, "TERM");
      kind && plan.options.terminal && site != cli::RankSite::here) {
    program.environment.insert(program.environment.begin(), "TERM=" + *kind);
  }
  program.unset = std::move(own.unset);
  program.directory = directory_of(options, plan);
  program.directory_required = !options.directory.empty();
  program.search_path = options.search_path;
  if (plan.options.bind_to_core) program.binding = bootstrap::Binding::core;
  return program;
}

}  // namespace prun::job
