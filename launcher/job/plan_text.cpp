#include "launcher/job/plan_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "launcher/job/program_setup.hpp"
#include "launcher/ssh/ssh_command.hpp"

namespace prun::job {
namespace {

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string plan_text(const JobPlan& plan) {
  std::size_t width = 4;
  for (const auto& planned : plan.hosts) width = std::max(width, planned.host.name.size());
  std::string text =
      fmt::format("{} on {}\n{:>6}  {:<{}}  program\n", counted(plan.host_of_rank.size(), "rank"),
                  counted(plan.hosts.size(), "host"), "rank", "host", width);
  for (std::size_t rank = 0; rank < plan.host_of_rank.size(); ++rank) {
    const auto& program = plan.options.programs[plan.program_of_rank[rank]];
    text += fmt::format("{:>6}  {:<{}}  {}\n", rank, plan.hosts[plan.host_of_rank[rank]].host.name,
                        width, fmt::join(program.command, " "));
  }
  for (const auto& program : plan.options.programs) {
    const auto choice = choice_of(program, plan);
    if (!choice.depends_on_processor()) continue;
    std::vector<std::string> files;
    for (const auto& [of, file] : choice.files_here())
      files.push_back(fmt::format("{} ({})", file, of));
    text += fmt::format("{}: {}\n", choice.typed,
                        files.empty() ? std::string("no file of it is here")
                                      : fmt::format("{}", fmt::join(files, ", ")));
  }
  for (const auto& planned : plan.hosts) {
    text += fmt::format("{}: {}\n", planned.host.name,
                        planned.local ? "this computer, without ssh"
                                      : ssh::login_words(planned.host, plan.options.ssh_program));
  }
  const auto& options = plan.options;
  if (!options.interfaces.empty()) {
    std::vector<std::string> names;
    for (const auto& wish : options.interfaces) names.push_back(wish.typed);
    text += fmt::format("ranks use the network {} of each host (--show-net tells the address)\n",
                        fmt::join(names, ", or "));
  }
  if (options.ports.given())
    text += fmt::format("ranks listen on ports {}\n", options.ports.text());
  return text;
}

}  // namespace prun::job
