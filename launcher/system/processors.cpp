#include "launcher/system/processors.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "launcher/system/files.hpp"

namespace prun::system {
namespace {

// Processors beyond this are no machine's, but a misread file's.
constexpr int most_processors = 65536;

std::string first_line(const std::string& path) {
  const std::string text = read_file(path);
  return text.substr(0, text.find('\n'));
}

std::vector<int> allowed_processors() {
  const std::string status = read_file("/proc/self/status");
  constexpr std::string_view name = "\nCpus_allowed_list:";
  const std::size_t at = status.find(name);
  if (at == std::string::npos) return {};
  const std::size_t first = status.find_first_not_of(" \t", at + name.size());
  if (first == std::string::npos) return {};
  const auto list = std::string_view(status).substr(first, status.find('\n', first) - first);
  return parse_processor_list(list).value_or(std::vector<int>());
}

}  // namespace

std::optional<std::vector<int>> parse_processor_list(std::string_view text) {
  std::vector<int> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&]() -> std::optional<int> {
    int value = 0;
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc() || value < 0 || value >= most_processors) return std::nullopt;
    at = stop;
    return value;
  };
  for (;;) {
    const auto first = number();
    if (!first) return std::nullopt;
    int last = *first;
    if (at != end && *at == '-') {
      ++at;
      const auto given = number();
      if (!given || *given < *first) return std::nullopt;
      last = *given;
    }
    for (int value = *first; value <= last; ++value) numbers.push_back(value);
    if (at == end) return numbers;
    if (*at++ != ',') return std::nullopt;
  }
}

std::vector<std::vector<int>> processors_by_core() {
  const auto allowed = allowed_processors();
  std::vector<std::vector<int>> cores;
  std::vector<int> seen;
  for (const int processor : allowed) {
    if (std::find(seen.begin(), seen.end(), processor) != seen.end()) continue;
    const std::string siblings =
        first_line("/sys/devices/system/cpu/cpu" + std::to_string(processor) +
                   "/topology/thread_siblings_list");
    std::vector<int> core{processor};
    for (const int sibling : parse_processor_list(siblings).value_or(std::vector<int>())) {
      const bool usable = std::find(allowed.begin(), allowed.end(), sibling) != allowed.end();
      if (sibling != processor && usable) core.push_back(sibling);
    }
    seen.insert(seen.end(), core.begin(), core.end());
    cores.push_back(std::move(core));
  }
  return cores;
}

}  // namespace prun::system
