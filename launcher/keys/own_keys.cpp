#include "launcher/keys/own_keys.hpp"

#include <unistd.h>

#include <algorithm>

namespace prun::keys {

std::vector<std::string> identity_files(std::string_view configuration, const std::string& home) {
  constexpr std::string_view name = "identityfile ";
  std::vector<std::string> files;
  while (!configuration.empty()) {
    const std::size_t end = configuration.find('\n');
    std::string_view line = configuration.substr(0, end);
    configuration =
        end == std::string_view::npos ? std::string_view() : configuration.substr(end + 1);
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    std::string file =
        line.starts_with("~/") ? home + std::string(line.substr(1)) : std::string(line);
    if (file != "none") files.push_back(std::move(file));
  }
  return files;
}

std::string first_complete(const std::vector<std::string>& files) {
  const auto found = std::find_if(files.begin(), files.end(), [](const std::string& file) {
    return ::access(file.c_str(), R_OK) == 0 && ::access((file + ".pub").c_str(), R_OK) == 0;
  });
  return found == files.end() ? std::string() : *found;
}

}  // namespace prun::keys
