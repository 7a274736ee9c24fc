#include "launcher/hosts/placement.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "runtime/wire/limits.hpp"

namespace prun::hosts {
namespace {

using core::Failure;
using core::Result;

Failure too_many(std::uint64_t ranks) {
  return Failure{Errc::invalid_argument, std::to_string(ranks) +
                                             " ranks are more than one job may have (" +
                                             std::to_string(wire::max_ranks) + ")"};
}

// Each machine once. Its slots are the sum over all the places that name it.
std::vector<Host> merged(const std::vector<Host>& named) {
  std::vector<Host> hosts;
  std::map<std::tuple<std::string, std::string, std::uint16_t>, std::size_t> index_of;
  for (const auto& host : named) {
    const auto [known, is_new] =
        index_of.try_emplace({host.name, host.user, host.port}, hosts.size());
    if (is_new) {
      hosts.push_back(host);
      continue;
    }
    Host& first = hosts[known->second];
    const std::uint64_t sum = std::uint64_t{first.slots} + host.slots;
    first.slots = static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, wire::max_ranks + 1));
    first.slots_given = first.slots_given || host.slots_given;
  }
  return hosts;
}

}  // namespace

Result<Placement> place(const std::vector<Host>& named, const PlacementRequest& request) {
  if (request.ranks == 0u || request.per_host == 0u) {
    return Failure{Errc::invalid_argument, "a job needs at least one rank"};
  }
  Placement placement;
  if (named.empty()) {
    const std::uint32_t ranks = request.ranks.value_or(request.per_host.value_or(1));
    if (ranks > wire::max_ranks) return too_many(ranks);
    placement.host_of_rank.assign(ranks, 0);
    return placement;
  }

  placement.hosts = merged(named);
  const auto share = [&request](const Host& host) { return request.per_host.value_or(host.slots); };
  std::uint64_t capacity = 0;
  for (const auto& host : placement.hosts) capacity += share(host);
  if (capacity == 0) return Failure{Errc::invalid_argument, "no host offers a place for a rank"};
  const std::uint64_t wanted = request.ranks ? *request.ranks : capacity;
  if (wanted > wire::max_ranks) return too_many(wanted);

  placement.host_of_rank.reserve(static_cast<std::size_t>(wanted));
  std::uint32_t used = 0;
  for (std::uint32_t host = 0; placement.host_of_rank.size() < wanted;
       host = host + 1 < placement.hosts.size() ? host + 1 : 0) {
    const std::uint64_t room = wanted - placement.host_of_rank.size();
    const auto take =
        static_cast<std::size_t>(std::min<std::uint64_t>(room, share(placement.hosts[host])));
    placement.host_of_rank.insert(placement.host_of_rank.end(), take, host);
    used = std::max(used, host + 1);
  }
  placement.hosts.resize(used);
  if (placement.hosts.size() > wire::max_hosts) {
    return Failure{Errc::invalid_argument, std::to_string(placement.hosts.size()) +
                                               " hosts are more than one job may have (" +
                                               std::to_string(wire::max_hosts) + ")"};
  }
  return placement;
}

}  // namespace prun::hosts
