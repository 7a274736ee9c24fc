#include "runtime/coll/host_leaders.hpp"

namespace prun::coll {
namespace {

HostMap all_on_one_host(std::size_t members) {
  const std::vector<std::uint32_t> hosts(members, 0);
  return HostMap(hosts);
}

}  // namespace

HostLeaders::HostLeaders(const Team& team, int root)
    : team_(team),
      root_(root),
      root_host_(team.host_map()->host_of(root)),
      my_host_(team.host_map()->host_of(team.rank())),
      one_host_(all_on_one_host(team.host_map()->members(my_host_).size())) {
  for (int host = 0; host < team.hosts(); ++host) leaders_.push_back(team.world(leader_of(host)));
  for (const int member : team.host_map()->members(my_host_)) {
    if (member == team.rank()) local_rank_ = static_cast<int>(locals_.size());
    if (member == leader_of(my_host_)) local_leader_ = static_cast<int>(locals_.size());
    locals_.push_back(team.world(member));
  }
}

Team HostLeaders::leaders() const {
  return team_.part(leaders_, my_host_, nullptr);
}

Team HostLeaders::locals() const {
  return team_.part(locals_, local_rank_, &one_host_);
}

}  // namespace prun::coll
