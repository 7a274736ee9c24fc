#include "launcher/cli/mca.hpp"

#include <fmt/format.h>

#include <array>

#include "launcher/cli/words.hpp"

namespace prun::cli {
namespace {

using core::Failure;

enum class Meaning { ssh_program, ssh_arguments, interface, ports };

struct Key {
  std::string_view name;
  Meaning meaning;
};

constexpr std::array keys{
    Key{"plm_rsh_agent", Meaning::ssh_program},    Key{"plm_ssh_agent", Meaning::ssh_program},
    Key{"plm_rsh_args", Meaning::ssh_arguments},   Key{"plm_ssh_args", Meaning::ssh_arguments},
    Key{"btl_tcp_if_include", Meaning::interface}, Key{"oob_tcp_if_include", Meaning::interface},
    Key{"prte_if_include", Meaning::interface},    Key{"btl_tcp_port_min_v4", Meaning::ports},
    Key{"btl_tcp_port_range_v4", Meaning::ports},
};

}  // namespace

core::Status apply_mca(const std::string& setting, RunOptions& options) {
  const auto equals = setting.find('=');
  const std::string name = setting.substr(0, equals);
  const std::string value = setting.substr(equals + 1);
  for (const auto& key : keys) {
    if (key.name != name) continue;
    if (key.meaning == Meaning::interface) {
      return Failure{
          Errc::invalid_argument,
          fmt::format("--mca {}: prun cannot be held to one interface yet; ranks use the "
                      "address at which prun reached the host, so name hosts by their "
                      "addresses on the network you want",
                      name)};
    }
    if (key.meaning == Meaning::ports) {
      return Failure{Errc::invalid_argument,
                     fmt::format("--mca {}: prun leaves the choice of ports to the system, and "
                                 "cannot be held to a range yet",
                                 name)};
    }
    auto words = split_words(value);
    if (!words)
      return Failure{Errc::invalid_argument, "--mca " + name + ": " + words.failure().text};
    auto& list = words.value();
    if (key.meaning == Meaning::ssh_program) {
      if (list.empty())
        return Failure{Errc::invalid_argument,
                       "--mca " + name + ": the name of the program is empty"};
      options.ssh_program = list.front();
      list.erase(list.begin());
    }
    options.ssh_arguments.insert(options.ssh_arguments.end(), list.begin(), list.end());
    return core::Done{};
  }
  options.notes.push_back(
      fmt::format("--mca {} {} has no effect: it is a setting inside Open MPI", name, value));
  return core::Done{};
}

}  // namespace prun::cli
