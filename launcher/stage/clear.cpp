#include "launcher/stage/clear.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "launcher/stage/store.hpp"

namespace prun::stage {
namespace {

namespace fs = std::filesystem;

// What the agent and the store put there, and nothing else of that folder.
constexpr const char* clear_script =
    "cd \"${XDG_CACHE_HOME:-$HOME/.cache}/prun\" 2>/dev/null || exit 0; "
    "rm -rf agent-* .new-* files runs; cd ..; rmdir prun 2>/dev/null; exit 0";

}  // namespace

ClearOrder parse_clear(const std::vector<std::string>& words) {
  ClearOrder order;
  const auto clear = std::find(words.begin(), words.end(), "--clear");
  if (clear == words.end()) {
    order.problem = "'prun cache' can only be emptied: prun cache --clear [-H rpi1,rpi2]";
    return order;
  }
  if (words.size() == 1) return order;
  order.arguments.assign(words.begin(), clear);
  order.arguments.insert(order.arguments.end(), clear + 1, words.end());
  for (const char* word :
       {"-N", "1", "--stage=off", "--wdir=/", "--", "/bin/sh", "-c", clear_script})
    order.arguments.emplace_back(word);
  return order;
}

void clear_cache(const std::vector<std::string>& environment) {
  const std::string folder = cache_folder(environment);
  if (folder.empty()) return;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (name.starts_with("agent-") || name.starts_with(".new-") || name == "files" ||
        name == "runs")
      fs::remove_all(entry.path(), ignored);
  }
  fs::remove(folder, error);  // unless something else is there
}

}  // namespace prun::stage
