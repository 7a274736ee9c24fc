#include "launcher/agent/rank_environment.hpp"

#include "launcher/system/environment.hpp"

namespace prun::agent {
std::vector<std::string> program_environment(const std::vector<std::string>& base,
                                             const bootstrap::Program& program) {
  auto environment = base;
  for (const auto& name : program.unset) system::unset_variable(environment, name);
  for (const auto& entry : program.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    system::set_variable(environment, entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> rank_environment(const std::vector<std::string>& base,
                                          const bootstrap::Program& program,
                                          const RankPlace& place) {
  auto environment = program_environment(base, program);
  system::set_variable(environment, "PRUN_RANK", std::to_string(place.rank));
  system::set_variable(environment, "PRUN_SIZE", std::to_string(place.size));
  system::set_variable(environment, "PRUN_LOCAL_RANK", std::to_string(place.local_rank));
  system::set_variable(environment, "PRUN_HOST", place.host);
  system::set_variable(environment, "PRUN_INCARNATION", std::to_string(place.incarnation));
  system::set_variable(environment, "PRUN_FD", std::to_string(place.channel_fd));
  return environment;
}

}  // namespace prun::agent
