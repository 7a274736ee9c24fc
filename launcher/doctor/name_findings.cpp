#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "launcher/doctor/finding_groups.hpp"
#include "launcher/doctor/repair_words.hpp"

namespace prun::doctor {
namespace {

bool has_plain_name(const HostFacts& host) {
  return host.host.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
             std::string::npos &&
         host.host.name.find_first_not_of("0123456789") != std::string::npos;
}

class NameFindings : FindingGroup {
 public:
  using FindingGroup::FindingGroup;

  void look_at_names() {
    std::map<std::pair<std::string, std::uint16_t>, std::vector<std::size_t>> at;
    std::map<std::string, std::vector<std::size_t>> called;
    std::vector<std::size_t> here;
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      const HostFacts& host = examination_.hosts[i];
      look_at_addresses(i, host);
      if (host.trouble) continue;
      if (host.local) here.push_back(i);
      if (!host.local && !host.address.empty()) at[{host.address, host.port}].push_back(i);
      if (!host.own_name.empty()) called[host.own_name].push_back(i);
    }
    for (const auto& [where, names] : at) two_names(names, "at " + where.first);
    two_names(here, "this one");
    for (const auto& [name, those] : called) one_own_name(name, those);
  }

 private:
  void two_names(const std::vector<std::size_t>& names, const std::string& where) {
    if (names.size() < 2) return;
    const HostFacts& first = examination_.hosts[names.front()];
    add(Severity::warning, "two-names", names,
        fmt::format("{} names stand for one machine, {}: it gets the ranks of all of them",
                    names.size(), where),
        fmt::format("name it once, with a number of ranks if several are meant: -H {}:{}",
                    login_target(first), names.size()));
  }

  // Machines whose cards are copies of one.
  void one_own_name(const std::string& name, const std::vector<std::size_t>& those) {
    std::set<std::pair<std::string, std::uint16_t>> machines;
    for (const auto i : those) {
      const HostFacts& host = examination_.hosts[i];
      machines.insert(host.local ? std::pair{std::string("here"), std::uint16_t{0}}
                                 : std::pair{host.address, host.port});
    }
    if (machines.size() < 2) return;
    const HostFacts& last = examination_.hosts[those.back()];
    add(Severity::warning, "one-own-name", those,
        fmt::format("{} machines call themselves {}: what they print of themselves cannot be told "
                    "apart, and {}.local is any of them",
                    machines.size(), name, name),
        on_host(last,
                fmt::format("{}hostnamectl set-hostname {}", sudo_for(last),
                            last.host.name == name || !has_plain_name(last) ? name + "-2"
                                                                            : last.host.name)));
  }

  void look_at_addresses(std::size_t i, const HostFacts& host) {
    std::vector<std::string> v4;
    for (const auto& address : host.addresses) {
      if (address.find(':') == std::string::npos) v4.push_back(address);
    }
    std::sort(v4.begin(), v4.end());
    v4.erase(std::unique(v4.begin(), v4.end()), v4.end());
    if (v4.size() < 2 || host.local) return;
    const std::string& reached = host.address.empty() ? v4.front() : host.address;
    add(Severity::warning, "one-name", {i},
        fmt::format(
            "its name stands for {} addresses, {}: which one is used may change from run to "
            "run, and they may be different machines or Wi-Fi beside the cable",
            v4.size(), fmt::join(v4, " and ")),
        fmt::format("name the address that is meant: -H {}",
                    host.host.user.empty() ? reached : host.host.user + "@" + reached));
  }
};

}  // namespace

void find_name_faults(const Examination& examination, std::vector<Finding>& found) {
  NameFindings(examination, found).look_at_names();
}

}  // namespace prun::doctor
