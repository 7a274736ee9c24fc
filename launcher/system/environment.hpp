#pragma once

#include <string>
#include <vector>

// The environment of a process as a list of NAME=VALUE.
namespace prun::system {

// The environment of this process.
std::vector<std::string> own_environment();

// Value of NAME in such a list, or nullptr.
const char* find_variable(const std::vector<std::string>& environment, const std::string& name);

// Afterwards NAME stands in the list once, with this value, or not at all.
void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value);
void unset_variable(std::vector<std::string>& environment, const std::string& name);

}  // namespace prun::system
