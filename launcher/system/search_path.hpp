#pragma once

#include <string>
#include <string_view>
#include <vector>

// Where programs are found, by system calls alone (see files.hpp).
namespace prun::system {

bool is_directory(const std::string& path);
bool is_executable_file(const std::string& path);

// `name` as seen from `directory`.
std::string join(const std::string& directory, const std::string& name);

// The executable file that a name without slash stands for, or empty: the PATH of `environment`,
// relative entries seen from `directory`.
std::string search_path(const std::vector<std::string>& environment, const std::string& directory,
                        const std::string& name);

// The same for a list of folders by colons.
std::string search_folders(std::string_view folders, const std::string& directory,
                           const std::string& name);

}  // namespace prun::system
