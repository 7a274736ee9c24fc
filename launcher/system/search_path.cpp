#include "launcher/system/search_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "launcher/system/environment.hpp"

namespace prun::system {

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_executable_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string join(const std::string& directory, const std::string& name) {
  if (name.starts_with('/')) return name;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

std::string search_path(const std::vector<std::string>& environment, const std::string& directory,
                        const std::string& name) {
  const char* path = find_variable(environment, "PATH");
  return search_folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", directory, name);
}

std::string search_folders(std::string_view folders, const std::string& directory,
                           const std::string& name) {
  std::string_view rest = folders;
  for (;;) {
    const std::size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    // An empty entry means the working directory.
    std::string candidate = join(join(directory, folder.empty() ? "." : folder), name);
    if (is_executable_file(candidate)) return candidate;
    if (colon == std::string_view::npos) return {};
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace prun::system
