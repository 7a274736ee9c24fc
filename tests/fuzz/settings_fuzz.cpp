// prun.conf, and the words of PRUN_OPTIONS.

#include "launcher/cli/settings.hpp"

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

void settings(Bytes bytes) {
  Input input(bytes);
  if (input.flag()) {
    const std::string text(as_text(input.rest()));
    if (text.find('\0') != std::string::npos) return;  // no environment holds it
    const auto found = cli::settings_of_environment({"PRUN_OPTIONS=" + text});
    require(found.ok() || !found.failure().text.empty(), "what is wrong is said");
    return;
  }
  const auto found = cli::parse_settings(as_text(input.rest()), "prun.conf");
  if (!found) {
    require(found.failure().text.rfind("prun.conf:", 0) == 0, "the place of the fault is told");
    return;
  }
  for (const cli::Setting& setting : found.value())
    require(!setting.option.empty(), "a setting is of an option");
  cli::settings_text(cli::not_overridden(found.value(), found.value()), "prun.conf");
}

}  // namespace prun::fuzz
