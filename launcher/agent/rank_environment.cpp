#include "launcher/agent/rank_environment.hpp"

#include <unistd.h>

#include <algorithm>

namespace prun::agent {
namespace {

bool is_named(const std::string& entry, const std::string& name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

void set(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
  std::erase_if(environment, [&](const std::string& entry) { return is_named(entry, name); });
  environment.push_back(name + "=" + value);
}

}  // namespace

std::vector<std::string> program_environment(const std::vector<std::string>& base,
                                             const bootstrap::Program& program) {
  auto environment = base;
  for (const auto& name : program.unset) {
    std::erase_if(environment, [&](const std::string& entry) { return is_named(entry, name); });
  }
  for (const auto& entry : program.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    set(environment, entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> rank_environment(const std::vector<std::string>& base,
                                          const bootstrap::Program& program,
                                          const RankPlace& place) {
  auto environment = program_environment(base, program);
  set(environment, "PRUN_RANK", std::to_string(place.rank));
  set(environment, "PRUN_SIZE", std::to_string(place.size));
  set(environment, "PRUN_LOCAL_RANK", std::to_string(place.local_rank));
  set(environment, "PRUN_HOST", place.host);
  set(environment, "PRUN_FD", std::to_string(place.channel_fd));
  return environment;
}

const char* find_variable(const std::vector<std::string>& environment, const std::string& name) {
  const auto found = std::find_if(environment.begin(), environment.end(),
                                  [&](const std::string& entry) { return is_named(entry, name); });
  return found == environment.end() ? nullptr : found->c_str() + name.size() + 1;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    entries.emplace_back(*entry);
  return entries;
}

}  // namespace prun::agent
