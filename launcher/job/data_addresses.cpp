#include "launcher/job/data_addresses.hpp"

#include <algorithm>
#include <string_view>

namespace prun::job {
namespace {

constexpr std::string_view loopback = "127.0.0.1";

bool is_ipv6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

// The zone of fe80::1%eth0 is a name of the host that wrote it and means nothing to others.
std::string without_zone(const std::string& address) {
  return address.substr(0, address.find('%'));
}

// What ranks on this machine listen on.
std::string own_bind_address(const std::vector<HostReach>& hosts) {
  std::vector<std::string> seen;
  bool ipv6 = false;
  for (const auto& host : hosts) {
    if (is_here(host)) continue;
    seen.push_back(host.client_address);
    ipv6 = ipv6 || is_ipv6(host.client_address);
  }
  if (seen.empty()) return std::string(loopback);
  const bool agree = std::all_of(seen.begin(), seen.end(),
                                 [&](const auto& address) { return address == seen[0]; });
  if (agree && !seen[0].empty()) return seen[0];
  return ipv6 ? "::" : "0.0.0.0";
}

}  // namespace

bool is_here(const HostReach& host) {
  return host.local || host.server_address.empty();
}

DataAddresses addresses_for(std::size_t viewer, const std::vector<HostReach>& hosts) {
  const HostReach& self = hosts[viewer];
  const std::string own = own_bind_address(hosts);
  const bool own_is_any = own == "0.0.0.0" || own == "::";

  DataAddresses addresses;
  addresses.bind_address = !self.chosen.empty() ? self.chosen
                           : is_here(self)      ? own
                                                : self.server_address;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (!hosts[i].chosen.empty()) {
      addresses.of_host.push_back(hosts[i].chosen);
    } else if (!is_here(hosts[i])) {
      addresses.of_host.push_back(i == viewer ? hosts[i].server_address
                                              : without_zone(hosts[i].server_address));
    } else if (!is_here(self)) {
      addresses.of_host.push_back(without_zone(self.client_address));
    } else {
      addresses.of_host.push_back(own_is_any ? std::string(loopback) : own);
    }
  }
  return addresses;
}

}  // namespace prun::job
