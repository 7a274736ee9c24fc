#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/core/result.hpp"

// Defaults for the command line, from a file and from the environment.
namespace prun::cli {

// One option and where it was said. A plain value.
struct Setting {
  std::string option;  // its name in the option table
  std::string value;   // empty for a flag
  std::string source;  // "/home/pi/.config/prun/prun.conf:2", "PRUN_OPTIONS", "the command line"
};

// `name = value` or `name` a line, with the names options have on the command line, # for comments,
// and quotes where a value begins or ends with a blank. A failure begins with `file:line:`.
core::Result<std::vector<Setting>> parse_settings(std::string_view text, const std::string& file);

// The same for words as they would be typed before a program.
core::Result<std::vector<Setting>> settings_of_words(const std::vector<std::string>& words,
                                                     const std::string& source);

// prun.conf of this user: in XDG_CONFIG_HOME, else in HOME/.config. Empty where neither is set.
// There is none in the working directory: whoever unpacks an archive and types prun there would run
// what its author put into --launcher-exec.
std::string settings_file(const std::vector<std::string>& environment);

// Reads a file of settings; none where it is not there. A file that belongs to somebody else, or
// that everybody may write to, is a failure.
core::Result<std::vector<Setting>> read_settings(const std::string& file);

// Where MPICH's users say which ports ranks may have, MIN:MAX.
inline constexpr const char* mpich_ports = "MPIR_CVAR_CH3_PORT_RANGE";

// What the environment says: MPIEXEC_TIMEOUT, HYDRA_LAUNCHER_EXTRA_ARGS, HYDRA_HOST_FILE,
// MPIR_CVAR_CH3_PORT_RANGE, and above
// them PRUN_OPTIONS.
core::Result<std::vector<Setting>> settings_of_environment(
    const std::vector<std::string>& environment);

// The settings of `lower` that hold beside `higher`: those for which it has none of the same kind,
// and those that add up, as variables and arguments of ssh do.
std::vector<Setting> not_overridden(const std::vector<Setting>& lower,
                                    const std::vector<Setting>& higher);

// The options of normalised arguments as settings.
std::vector<Setting> as_settings(const std::vector<std::string>& options,
                                 const std::string& source);

// What --show-config prints: each setting with its source, by whole lines.
std::string settings_text(const std::vector<Setting>& settings, const std::string& file);

}  // namespace prun::cli
