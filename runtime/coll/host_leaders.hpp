#pragma once

#include <optional>
#include <vector>

#include "runtime/coll/team.hpp"

namespace prun::coll {

// A team that shares hosts, divided for algorithms in two stages: one leader for each host, which
// speaks for the others there. Lives in the frame of the algorithm, as the teams it gives use it.
class HostLeaders {
 public:
  // The leader of a host is its first member, but on the host of `root` the root itself.
  HostLeaders(const Team& team, int root);

  bool leads() const { return team_.rank() == leader_of(my_host_); }
  // The leaders, by host; only for those who lead.
  Team leaders() const;
  // Which of the leaders is `root`.
  int root_leader() const { return root_host_; }

  // The members of this host, and which of them is the leader.
  Team locals() const;
  int local_leader() const { return local_leader_; }

 private:
  int leader_of(int host) const {
    return host == root_host_ ? root_ : team_.host_map()->members(host).front();
  }

  const Team& team_;
  int root_;
  int root_host_;
  int my_host_;
  int local_rank_ = 0;
  int local_leader_ = 0;
  std::vector<p2p::WorldRank> leaders_;
  std::vector<p2p::WorldRank> locals_;
  HostMap one_host_;
};

}  // namespace prun::coll
