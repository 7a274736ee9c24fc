#include "launcher/cli/mca.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "launcher/cli/words.hpp"
#include "launcher/hosts/number.hpp"

namespace prun::cli {
namespace {

using core::Failure;

enum class Meaning { ssh_program, ssh_arguments, data, control, unwanted, first_port, port_count };

struct Key {
  std::string_view name;
  Meaning meaning;
};

constexpr std::array keys{
    Key{"plm_rsh_agent", Meaning::ssh_program},
    Key{"plm_ssh_agent", Meaning::ssh_program},
    Key{"plm_rsh_args", Meaning::ssh_arguments},
    Key{"plm_ssh_args", Meaning::ssh_arguments},
    Key{"btl_tcp_if_include", Meaning::data},
    Key{"oob_tcp_if_include", Meaning::control},
    Key{"prte_if_include", Meaning::control},
    Key{"btl_tcp_if_exclude", Meaning::unwanted},
    Key{"oob_tcp_if_exclude", Meaning::unwanted},
    Key{"prte_if_exclude", Meaning::unwanted},
    Key{"btl_tcp_port_min_v4", Meaning::first_port},
    Key{"btl_tcp_port_min_v6", Meaning::first_port},
    Key{"btl_tcp_port_range_v4", Meaning::port_count},
    Key{"btl_tcp_port_range_v6", Meaning::port_count},
};

// Where Open MPI begins when only the number of ports was said.
constexpr std::uint32_t usual_first_port = 1024;
constexpr std::uint32_t last_port = 65535;

Failure refused(std::string_view name, const std::string& text) {
  return {Errc::invalid_argument, fmt::format("--mca {}: {}", name, text)};
}

core::Status apply_ssh(const Key& key, const std::string& value, RunOptions& options) {
  auto words = split_words(value);
  if (!words) return refused(key.name, words.failure().text);
  auto& list = words.value();
  if (key.meaning == Meaning::ssh_program) {
    if (list.empty()) return refused(key.name, "the name of the program is empty");
    options.ssh_program = list.front();
    list.erase(list.begin());
  }
  options.ssh_arguments.insert(options.ssh_arguments.end(), list.begin(), list.end());
  return core::Done{};
}

core::Status apply_number(const Key& key, const std::string& value, McaNetwork& network) {
  const auto number = hosts::parse_number(value);
  if (!number || *number == 0 || *number > last_port) {
    return refused(key.name,
                   "'" + value +
                       "' is not a number from 1 to 65535; for the same in short: --ports "
                       "5000-5100");
  }
  (key.meaning == Meaning::first_port ? network.first_port : network.port_count) = *number;
  return core::Done{};
}

core::Status apply_networks(const Key& key, const std::string& value, RunOptions& options,
                            McaNetwork& network) {
  const auto wishes = hosts::parse_network_wishes(value);
  if (!wishes) return refused(key.name, wishes.failure().text);
  auto& list = key.meaning == Meaning::data      ? network.data
               : key.meaning == Meaning::control ? network.control
                                                 : options.unwanted_interfaces;
  list.insert(list.end(), wishes.value().begin(), wishes.value().end());
  return core::Done{};
}

}  // namespace

core::Status apply_mca(const std::string& setting, RunOptions& options, McaNetwork& network) {
  const auto equals = setting.find('=');
  const std::string name = setting.substr(0, equals);
  const std::string value = setting.substr(equals + 1);
  for (const auto& key : keys) {
    if (key.name != name) continue;
    switch (key.meaning) {
      case Meaning::ssh_program:
      case Meaning::ssh_arguments:
        return apply_ssh(key, value, options);
      case Meaning::first_port:
      case Meaning::port_count:
        return apply_number(key, value, network);
      case Meaning::data:
      case Meaning::control:
      case Meaning::unwanted:
        return apply_networks(key, value, options, network);
    }
  }
  options.notes.push_back(
      fmt::format("--mca {} {} has no effect: it is a setting inside Open MPI", name, value));
  return core::Done{};
}

core::Status settle_mca(const McaNetwork& network, RunOptions& options) {
  if (options.interfaces.empty())
    options.interfaces = network.data.empty() ? network.control : network.data;
  if (options.ports.given() || (!network.first_port && !network.port_count)) return core::Done{};
  const std::uint32_t first = network.first_port.value_or(usual_first_port);
  const std::uint32_t count = network.port_count.value_or(last_port - first + 1);
  if (first + count - 1 > last_port) {
    return refused("btl_tcp_port_range_v4",
                   fmt::format("{} ports from {} on end beyond 65535", count, first));
  }
  options.ports = {static_cast<std::uint16_t>(first),
                   static_cast<std::uint16_t>(first + count - 1)};
  return core::Done{};
}

}  // namespace prun::cli
