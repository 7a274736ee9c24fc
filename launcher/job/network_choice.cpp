#include "launcher/job/network_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace prun::job {
namespace {

using hosts::IpAddress;
using hosts::NetworkWish;

struct Family {
  bool ipv6;
  const char* name;
};
constexpr std::array families{Family{false, "IPv4"}, Family{true, "IPv6"}};

bool are_one_network(const HostNetwork& a, const HostNetwork& b) {
  return is_here(a.reach) ? is_here(b.reach) : !a.network.empty() && a.network == b.network;
}

bool are_all_one_network(const std::vector<HostNetwork>& hosts) {
  return std::all_of(hosts.begin(), hosts.end(),
                     [&](const auto& host) { return are_one_network(hosts.front(), host); });
}

// Both would take what is sent to the address.
bool may_be_mistaken(const HostNetwork& a, const HostNetwork& b) {
  return !a.network.empty() && !b.network.empty() && a.network != b.network;
}

std::string names_of(const std::vector<NetworkWish>& wishes) {
  std::vector<std::string> names;
  for (const auto& wish : wishes) names.push_back(wish.typed);
  return fmt::format("{}", fmt::join(names, ","));
}

// "lo (127.0.0.1), eth0 (10.0.0.2, fe80::2), wlan0 (no address)"
std::string addresses_words(const HostNetwork& host) {
  std::vector<std::pair<std::string, std::vector<std::string>>> interfaces;
  for (const auto& [name, address] : host.addresses) {
    auto known = std::find_if(interfaces.begin(), interfaces.end(),
                              [&, &of = name](const auto& one) { return one.first == of; });
    if (known == interfaces.end()) known = interfaces.insert(known, {name, {}});
    if (!address.empty()) known->second.push_back(address);
  }
  std::vector<std::string> words;
  for (const auto& [name, addresses] : interfaces) {
    words.push_back(addresses.empty() ? name + " (no address)"
                                      : fmt::format("{} ({})", name, fmt::join(addresses, ", ")));
  }
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

std::string interface_of(const HostNetwork& host, const std::string& address) {
  const auto found = std::find_if(host.addresses.begin(), host.addresses.end(),
                                  [&](const auto& one) { return one.address == address; });
  return found == host.addresses.end() ? std::string() : found->interface;
}

std::string with_interface(const HostNetwork& host, const std::string& address) {
  const std::string interface = interface_of(host, address);
  return interface.empty() ? address : address + " on " + interface;
}

std::string first_that_fits(const HostNetwork& host, const std::vector<NetworkWish>& wishes,
                            bool ipv6, bool local_ones_do) {
  for (const auto& wish : wishes) {
    for (const auto& one : host.addresses) {
      const auto address = IpAddress::parse(one.address);
      if (!address || address->ipv6 != ipv6 || address->is_link_local()) continue;
      if (address->is_loopback() && !local_ones_do) continue;
      if (wish.fits(one.interface, *address)) return one.address;
    }
  }
  return {};
}

std::string unfulfilled_words(const HostNetwork& host, const std::vector<NetworkWish>& wishes) {
  std::string why = "it has none of these that others could reach";
  if (wishes.size() == 1) {
    const auto& wish = wishes.front();
    const bool has_interface =
        std::any_of(host.addresses.begin(), host.addresses.end(),
                    [&](const auto& one) { return one.interface == wish.typed; });
    why = wish.is_network ? "it has no address in that network that others could reach"
          : has_interface ? "its " + wish.typed + " has no address that others could reach"
                          : "it has no such interface";
  }
  return fmt::format("--iface {}: {}; it has {}", names_of(wishes), why, addresses_words(host));
}

void find_twins(const std::vector<HostNetwork>& hosts, const std::vector<std::string>& addresses,
                std::vector<NetworkWord>& words) {
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    for (std::size_t j = 0; j < hosts.size(); ++j) {
      if (i == j || addresses[i].empty() || addresses[i] != addresses[j] ||
          !may_be_mistaken(hosts[i], hosts[j])) {
        continue;
      }
      words.push_back(
          {i, fmt::format("its address {} is that of {} as well, so their ranks would connect to "
                          "themselves; choose another network with --iface: it has {}",
                          with_interface(hosts[i], addresses[i]), hosts[j].name,
                          addresses_words(hosts[i]))});
      break;
    }
  }
}

NetworkChoice choose_among(const std::vector<HostNetwork>& hosts,
                           const std::vector<NetworkWish>& wishes) {
  NetworkChoice choice;
  const bool local_ones_do = are_all_one_network(hosts);
  std::array<std::vector<std::string>, families.size()> found;
  for (std::size_t kind = 0; kind < families.size(); ++kind) {
    for (const auto& host : hosts)
      found[kind].push_back(first_that_fits(host, wishes, families[kind].ipv6, local_ones_do));
    if (std::find(found[kind].begin(), found[kind].end(), "") == found[kind].end()) {
      choice.addresses = std::move(found[kind]);
      find_twins(hosts, choice.addresses, choice.faults);
      return choice;
    }
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (found[0][i].empty() && found[1][i].empty())
      choice.faults.push_back({i, unfulfilled_words(hosts[i], wishes)});
  }
  if (!choice.faults.empty()) return choice;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (!found[0][i].empty()) continue;
    choice.faults.push_back(
        {i, fmt::format("--iface {}: it has an IPv6 address there alone, and not every host has "
                        "one; it has {}",
                        names_of(wishes), addresses_words(hosts[i]))});
  }
  return choice;
}

// Every address that others are given for the host, without --iface.
std::vector<std::string> reached_at(std::size_t host, const std::vector<HostNetwork>& hosts) {
  if (!is_here(hosts[host].reach)) return {hosts[host].reach.server_address};
  std::vector<std::string> seen;
  for (const auto& other : hosts) {
    const auto& address = other.reach.client_address;
    if (!is_here(other.reach) && std::find(seen.begin(), seen.end(), address) == seen.end())
      seen.push_back(address);
  }
  return seen;
}

void suspect(std::size_t host, const std::vector<HostNetwork>& hosts, NetworkChoice& choice) {
  for (const auto& text : reached_at(host, hosts)) {
    const auto address = IpAddress::parse(text);
    if (!address || !(address->is_loopback() || address->is_link_local())) continue;
    choice.suspicions.push_back(
        {host, fmt::format("the login came by {}, where ranks on other hosts will not find its "
                           "own; choose a network with --iface: it has {}",
                           with_interface(hosts[host], text), addresses_words(hosts[host]))});
  }
}

void refuse_unwanted(std::size_t host, const std::vector<HostNetwork>& hosts,
                     const std::vector<NetworkWish>& unwanted, NetworkChoice& choice) {
  for (const auto& text : reached_at(host, hosts)) {
    const auto address = IpAddress::parse(text);
    if (!address) continue;
    const std::string interface = interface_of(hosts[host], text);
    for (const auto& wish : unwanted) {
      if (!wish.fits(interface, *address)) continue;
      choice.faults.push_back(
          {host, fmt::format("it is reached at {}, and {} is to be left out; choose a network "
                             "with --iface: it has {}",
                             with_interface(hosts[host], text), wish.typed,
                             addresses_words(hosts[host]))});
      return;
    }
  }
}

}  // namespace

NetworkChoice choose_network(const std::vector<HostNetwork>& hosts, const NetworkRequest& request) {
  if (!request.wanted.empty()) return choose_among(hosts, request.wanted);
  NetworkChoice choice;
  choice.addresses.resize(hosts.size());
  if (are_all_one_network(hosts)) return choice;
  std::vector<std::string> reached;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    suspect(i, hosts, choice);
    refuse_unwanted(i, hosts, request.unwanted, choice);
    reached.push_back(is_here(hosts[i].reach) ? std::string() : hosts[i].reach.server_address);
  }
  find_twins(hosts, reached, choice.suspicions);
  return choice;
}

std::vector<std::string> network_words(const std::vector<HostNetwork>& hosts,
                                       const core::PortRange& ports) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto& host = hosts[i];
    const auto addresses = reached_at(i, hosts);
    std::string line;
    if (!host.reach.chosen.empty()) {
      line = with_interface(host, host.reach.chosen) + " (--iface)";
    } else if (!is_here(host.reach)) {
      line = with_interface(host, addresses.front()) + " (where ssh reached it)";
    } else if (addresses.empty()) {
      line = addresses_for(0, {host.reach}).bind_address + " (all ranks are on this machine)";
    } else {
      std::vector<std::string> seen;
      for (const auto& address : addresses) seen.push_back(with_interface(host, address));
      line = fmt::format("{} (where other hosts see this machine)", fmt::join(seen, ", "));
    }
    lines.push_back("data address " + line +
                    (ports.given() ? ", ports " + ports.text() : std::string()));
  }
  return lines;
}

}  // namespace prun::job
