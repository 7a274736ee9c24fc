#include "runtime/coll/reduce/by_host.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/host_leaders.hpp"
#include "runtime/coll/stage.hpp"

// Reduce on each host to one leader, and among the leaders; commutative operations.
//   Steps:  those of the cheapest reduce among the ranks of a host, then among h hosts.
//   Bytes:  m through every host's port, however many ranks it has.
//   Cost:   that of the two stages, one behind the other
//   Source: as bcast/by_host.cpp
namespace prun::coll {

Task reduce_by_host(Team team, ReduceArguments arguments) {
  const HostLeaders hosts(team, arguments.root);
  // The leader's part: at the root it is the result itself.
  const bool is_root = team.rank() == arguments.root;
  const Scratch memory(hosts.leads() && !is_root ? arguments.mine.size() : 0);
  ReduceArguments within = arguments;
  within.root = hosts.local_leader();
  within.result = is_root ? arguments.result : memory.all();
  Task first = stage(hosts.locals(), within);
  co_await std::move(first);
  if (!hosts.leads()) co_return;
  ReduceArguments between = arguments;
  between.root = hosts.root_leader();
  between.mine = within.result;
  Task second = stage(hosts.leaders(), between);
  co_await std::move(second);
}

Nanoseconds reduce_by_host_cost(const Situation& situation) {
  return least_cost<ReduceArguments>(situation.on_a_host()) +
         least_cost<ReduceArguments>(situation.among_leaders());
}

}  // namespace prun::coll
