#include "launcher/system/environment.hpp"

#include <unistd.h>

#include <algorithm>

namespace prun::system {
namespace {

bool is_named(const std::string& entry, const std::string& name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

}  // namespace

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

void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value) {
  unset_variable(environment, name);
  environment.push_back(name + "=" + value);
}

void unset_variable(std::vector<std::string>& environment, const std::string& name) {
  std::erase_if(environment, [&](const std::string& entry) { return is_named(entry, name); });
}

}  // namespace prun::system
