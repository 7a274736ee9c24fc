#include "launcher/stage/program_choice.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "launcher/stage/architecture.hpp"

namespace prun::stage {
namespace {

constexpr std::string_view mark = "%a";

bool is_file(const std::string& directory, const std::string& name) {
  std::error_code error;
  return std::filesystem::is_regular_file(std::filesystem::path(directory) / name, error);
}

std::string with_mark_replaced(std::string text, std::string_view word) {
  for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + word.size()))
    text.replace(at, mark.size(), word);
  return text;
}

}  // namespace

bool ProgramChoice::depends_on_processor() const {
  return !mapped.empty() || typed.find(mark) != typed.npos;
}

std::vector<std::string> ProgramChoice::names_for(std::string_view machine) const {
  for (const auto architecture : program_architectures_for(machine)) {
    for (const auto& [of, file] : mapped) {
      if (of == architecture) return {file};
    }
  }
  if (typed.find(mark) == typed.npos) return {typed};
  std::vector<std::string> names;
  for (const auto name : names_in_files(machine)) names.push_back(with_mark_replaced(typed, name));
  return names;
}

std::string ProgramChoice::name_for(std::string_view machine) const {
  const auto names = names_for(machine);
  for (const auto& name : names) {
    if (is_file(directory, name)) return name;
  }
  // It may be on the host, under the name that most would give it.
  const auto architectures = architectures_for(machine);
  if (names.size() == 1 || architectures.empty()) return names.front();
  return with_mark_replaced(typed, architectures.front());
}

std::vector<std::pair<std::string, std::string>> ProgramChoice::files_here() const {
  std::vector<std::pair<std::string, std::string>> files;
  const auto add = [&](std::string_view of, const std::string& name) {
    const bool known = std::any_of(files.begin(), files.end(),
                                   [&](const auto& file) { return file.second == name; });
    if (!known && is_file(directory, name)) files.emplace_back(of, name);
  };
  for (const auto& [architecture, file] : mapped) add(architecture, file);
  if (typed.find(mark) == typed.npos) {
    if (!mapped.empty()) add("others", typed);
    return files;
  }
  for (const auto& family : families()) {
    for (const auto name : names_in_files(family.machine))
      add(name, with_mark_replaced(typed, name));
  }
  // Kernels call themselves more exactly than families do.
  for (const std::string_view machine : {"armv7l", "armv6l", "armv8l"})
    add(machine, with_mark_replaced(typed, machine));
  return files;
}

}  // namespace prun::stage
