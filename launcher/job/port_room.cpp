#include "launcher/job/port_room.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace prun::job {

std::string too_few_ports(const core::PortRange& ports, const std::vector<PlannedHost>& hosts,
                          const std::vector<std::uint32_t>& host_of_rank) {
  if (!ports.given() || host_of_rank.size() < 2) return {};  // a rank alone does not listen
  const auto first_here =
      std::find_if(hosts.begin(), hosts.end(), [](const auto& host) { return host.local; });
  std::vector<std::uint32_t> ranks(hosts.size(), 0);
  for (const auto host : host_of_rank) {
    const auto machine =
        hosts[host].local ? static_cast<std::uint32_t>(first_here - hosts.begin()) : host;
    ++ranks[machine];
  }
  const auto fullest = std::max_element(ranks.begin(), ranks.end());
  if (*fullest <= ports.size()) return {};
  const std::uint32_t last = ports.first + *fullest - 1;
  return fmt::format(
      "--ports {}: {} {}, and {} has {} ranks, which listen on one each{}", ports.text(),
      ports.size(), ports.size() == 1 ? "port" : "ports",
      hosts[static_cast<std::size_t>(fullest - ranks.begin())].host.name, *fullest,
      last <= 65535 ? fmt::format("; for example: --ports {}-{}", ports.first, last) : "");
}

}  // namespace prun::job
