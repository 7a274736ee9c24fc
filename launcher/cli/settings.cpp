#include "launcher/cli/settings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "launcher/cli/dialect.hpp"
#include "launcher/cli/environment.hpp"
#include "launcher/cli/option_table.hpp"
#include "launcher/cli/values.hpp"
#include "launcher/cli/words.hpp"

namespace prun::cli {
namespace {

using core::Failure;
using core::Result;
using Settings = std::vector<Setting>;

// What makes no sense as a default: what prun does instead of a run, and what belongs to one
// program.
constexpr std::array not_as_default{
    std::string_view("--help"),       std::string_view("--version"),
    std::string_view("--app"),        std::string_view("--config"),
    std::string_view("--no-config"),  std::string_view("--dry-run"),
    std::string_view("--wdir"),       std::string_view("--path"),
    std::string_view("--unset-env"),  std::string_view("--show-config"),
    std::string_view("--report-pid"), std::string_view("--tune")};

// Options of a program that have a form for all programs.
constexpr std::array for_all{std::pair{"--variable", "--variable-of-all"},
                             std::pair{"--variables", "--variables-of-all"},
                             std::pair{"--forward", "--forward-of-all"}};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// Options of one kind exclude each other.
std::string_view kind_of(std::string_view option) {
  if (option == "--hostfile" || option == "--app") return "--hosts";
  if (option == "--quiet") return "--verbose";
  if (option == "--nooversubscribe") return "--oversubscribe";
  if (option == "--ppr") return "--per-host";
  return option;
}

// As people type it: the first word of its usage.
std::string shown_name(const std::string& option) {
  const Option* const known = find_option(option);
  const std::string_view usage = known == nullptr ? std::string_view(option) : known->usage;
  return std::string(usage.substr(0, usage.find_first_of(" ,[")));
}

bool adds_up(std::string_view option) {
  return option == "--variable-of-all" || option == "--ssh-args" || option == "--mca";
}

Failure at(const std::string& source, const std::string& text) {
  return Failure{Errc::invalid_argument, source + ": " + text};
}

// One line of a file. Nothing stands for a flag that is switched off.
Result<Settings> parse_line(std::string_view line, const std::string& source) {
  const auto equals = line.find('=');
  const std::string name(trimmed(line.substr(0, equals)));
  const bool has_value = equals != line.npos;
  const std::string value(has_value ? unquoted(trimmed(line.substr(equals + 1)))
                                    : std::string_view());
  if (name.empty()) return at(source, "the name of an option is missing before the =");
  if (name.find_first_of(" \t") != name.npos) {
    return at(source,
              fmt::format("'{}' is not understood; write NAME = VALUE, for example: hosts = "
                          "rpi1,rpi2",
                          name));
  }
  const std::string word = name.front() == '-' ? name : as_typed(name);
  // A flag is written as such, or with yes or no.
  const std::string answer = lower(value);
  const bool says_yes = answer == "yes" || answer == "true" || answer == "on" || answer == "1";
  const bool says_no = answer == "no" || answer == "false" || answer == "off" || answer == "0";
  if (has_value && (says_yes || says_no)) {
    auto alone = settings_of_words({word}, source);
    if (alone) return says_yes ? std::move(alone) : Settings();
  }
  return settings_of_words({has_value ? word + "=" + value : word}, source);
}

}  // namespace

std::vector<Setting> as_settings(const std::vector<std::string>& options,
                                 const std::string& source) {
  Settings settings;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Option* const option = find_option(options[i]);
    Setting setting{options[i], {}, source};
    if (option != nullptr && option->kind != ValueKind::none && i + 1 < options.size())
      setting.value = options[++i];
    settings.push_back(std::move(setting));
  }
  return settings;
}

Result<Settings> settings_of_words(const std::vector<std::string>& words,
                                   const std::string& source) {
  const auto normalised = normalise(words);
  if (!normalised) return at(source, normalised.failure().text);
  const auto& sections = normalised.value().sections;
  if (sections.size() != 1 || !sections.front().command.empty()) {
    return at(source, fmt::format("'{}' is no option; only options can stand here",
                                  sections.size() != 1 ? ":" : sections.front().command.front()));
  }
  auto settings = as_settings(sections.front().options, source);
  for (auto& setting : settings) {
    if (std::find(not_as_default.begin(), not_as_default.end(), setting.option) !=
        not_as_default.end()) {
      return at(source,
                fmt::format("{} cannot be a default; type it where it is wanted", setting.option));
    }
    for (const auto& [of_program, of_all] : for_all) {
      if (setting.option == of_program) setting.option = of_all;
    }
  }
  return settings;
}

Result<Settings> parse_settings(std::string_view text, const std::string& file) {
  Settings settings;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    auto parsed = parse_line(line, fmt::format("{}:{}", file, number));
    if (!parsed) return parsed.failure();
    std::move(parsed.value().begin(), parsed.value().end(), std::back_inserter(settings));
  }
  return settings;
}

std::string settings_file(const std::vector<std::string>& environment) {
  const auto config = value_in(environment, "XDG_CONFIG_HOME");
  if (config && config->starts_with('/')) return *config + "/prun/prun.conf";
  const auto home = value_in(environment, "HOME");
  return home && home->starts_with('/') ? *home + "/.config/prun/prun.conf" : std::string();
}

Result<Settings> read_settings(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Settings();
    return at(file, "it cannot be read: " + std::generic_category().message(errno));
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return at(file, "it belongs to another user, so it is not read; --no-config goes on without");
  if (S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0)
    return at(file, "everybody may write to it, so it is not read; chmod o-w " + file);
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return at(file, "it cannot be read; is it a file of yours?");
  return parse_settings(text, file);
}

Result<Settings> settings_of_environment(const std::vector<std::string>& environment) {
  Settings settings;
  constexpr std::array known{std::pair{"MPIEXEC_TIMEOUT", "--timeout"},
                             std::pair{"HYDRA_LAUNCHER_EXTRA_ARGS", "--ssh-args"},
                             std::pair{"HYDRA_HOST_FILE", "--hostfile"},
                             std::pair{mpich_ports, "--ports"}};
  for (const auto& [name, option] : known) {
    const auto value = value_in(environment, name);
    if (value && !value->empty()) settings.push_back({option, *value, name});
  }
  const auto options = value_in(environment, "PRUN_OPTIONS");
  if (!options) return settings;
  const auto words = split_words(*options);
  if (!words) return at("PRUN_OPTIONS", words.failure().text);
  auto own = settings_of_words(words.value(), "PRUN_OPTIONS");
  if (!own) return own.failure();
  settings = not_overridden(settings, own.value());
  settings.insert(settings.end(), own.value().begin(), own.value().end());
  return settings;
}

Settings not_overridden(const Settings& lower, const Settings& higher) {
  Settings kept;
  for (const auto& setting : lower) {
    const bool overridden = std::any_of(higher.begin(), higher.end(), [&](const Setting& other) {
      return kind_of(other.option) == kind_of(setting.option);
    });
    if (!overridden || adds_up(setting.option)) kept.push_back(setting);
  }
  return kept;
}

std::string settings_text(const Settings& settings, const std::string& file) {
  std::vector<std::string> words;
  std::size_t width = 0;
  for (const auto& setting : settings) {
    words.push_back(shown_name(setting.option) +
                    (setting.value.empty() ? "" : " " + setting.value));
    width = std::max(width, words.back().size());
  }
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += fmt::format("{:<{}}  from {}\n", words[i], width, settings[i].source);
  if (settings.empty()) text = "nothing is set\n";
  return text + fmt::format("(defaults come from {} and from PRUN_OPTIONS)\n",
                            file.empty() ? "no file" : file);
}

}  // namespace prun::cli
