#include "launcher/cli/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <unordered_map>

namespace prun::cli {
namespace {

using core::Failure;
using core::Result;

constexpr std::string_view kept_here[] = {
    "BASH_ENV",       "COLORTERM",     "COLUMNS",    "DISPLAY",  "ENV",
    "GPG_AGENT_INFO", "GPG_TTY",       "HOME",       "HOSTNAME", "INVOCATION_ID",
    "JOURNAL_STREAM", "LD_AUDIT",      "LD_PRELOAD", "LINES",    "LOGNAME",
    "MAIL",           "NOTIFY_SOCKET", "OLDPWD",     "PATH",     "PWD",
    "SHELL",          "SHLVL",         "STY",        "TEMP",     "TERM",
    "TERMCAP",        "TMP",           "TMPDIR",     "USER",     "WAYLAND_DISPLAY",
    "WINDOW",         "WINDOWID",      "XAUTHORITY", "_",
};
constexpr std::string_view kept_here_prefixes[] = {
    "BASH_FUNC_", "DBUS_", "LISTEN_", "SSH_", "SUDO_", "TERM_PROGRAM", "TMUX", "XDG_",
};

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

// Adds variables to a list that holds each name once; a later value takes the place of an earlier
// one.
class Overlay {
 public:
  void add(std::string_view variable) {
    const auto [known, is_new] =
        index_of_.try_emplace(std::string(name_of(variable)), list_.size());
    if (is_new) {
      list_.emplace_back(variable);
    } else {
      list_[known->second] = variable;
    }
  }
  bool has(const std::string& name) const { return index_of_.count(name) != 0; }
  std::vector<std::string> take() && { return std::move(list_); }

 private:
  std::vector<std::string> list_;
  std::unordered_map<std::string, std::size_t> index_of_;
};

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> list;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
    list.emplace_back(*variable);
  return list;
}

std::optional<std::string> value_in(const std::vector<std::string>& environment,
                                    std::string_view name) {
  for (auto variable = environment.rbegin(); variable != environment.rend(); ++variable) {
    if (variable->size() > name.size() && name_of(*variable) == name)
      return variable->substr(name.size() + 1);
  }
  return std::nullopt;
}

Result<std::string> resolve_variable(std::string_view text, const std::vector<std::string>& own) {
  const std::string name(name_of(text));
  if (!is_name(name)) {
    return Failure{Errc::invalid_argument,
                   "'" + name + "' is not the name of a variable; write NAME or NAME=VALUE"};
  }
  if (text.size() > name.size()) return std::string(text);
  const auto value = value_in(own, name);
  if (!value) {
    return Failure{Errc::invalid_argument,
                   "the variable " + name + " is not set here, so it cannot be passed on; write " +
                       name + "=VALUE, or set and export it first"};
  }
  return name + "=" + *value;
}

bool is_forwarded(std::string_view name, RankSite site) {
  if (site == RankSite::here) return true;
  if (name == "LD_LIBRARY_PATH") return site == RankSite::same_machine;
  if (std::find(std::begin(kept_here), std::end(kept_here), name) != std::end(kept_here))
    return false;
  return std::none_of(
      std::begin(kept_here_prefixes), std::end(kept_here_prefixes),
      [name](std::string_view prefix) { return name.substr(0, prefix.size()) == prefix; });
}

std::vector<std::string> rank_environment(const std::vector<std::string>& own,
                                          const std::vector<std::string>& given, RankSite site) {
  Overlay result;
  for (const auto& variable : own) {
    const auto name = name_of(variable);
    if (name.empty() || name.size() == variable.size())
      continue;  // nothing a program could look up
    if (is_forwarded(name, site)) result.add(variable);
  }
  for (const auto& variable : given) result.add(variable);
  if (!result.has("PYTHONUNBUFFERED")) result.add("PYTHONUNBUFFERED=1");
  return std::move(result).take();
}

}  // namespace prun::cli
