#include "runtime/coll/allreduce/by_host.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/host_leaders.hpp"
#include "runtime/coll/stage.hpp"

// Allreduce on each host to one leader, among the leaders, and back; commutative operations.
//   Steps:  those of the cheapest reduce among the ranks of a host, of the cheapest allreduce among
//           h hosts, of the cheapest broadcast among the ranks of a host.
//   Bytes:  what the allreduce among h ranks takes through every host's port.
//   Cost:   that of the three stages, one behind the other
//   Source: as bcast/by_host.cpp
namespace prun::coll {

Task allreduce_by_host(Team team, AllreduceArguments arguments) {
  const HostLeaders hosts(team, 0);
  ReduceArguments collecting;
  collecting.mine = arguments.data;
  if (hosts.leads()) collecting.result = arguments.data;
  collecting.root = hosts.local_leader();
  collecting.op = arguments.op;
  Task first = stage(hosts.locals(), collecting);
  co_await std::move(first);
  if (hosts.leads()) {
    Task second = stage(hosts.leaders(), arguments);
    co_await std::move(second);
  }
  BcastArguments returning;
  returning.data = arguments.data;
  returning.root = hosts.local_leader();
  Task third = stage(hosts.locals(), returning);
  co_await std::move(third);
}

Nanoseconds allreduce_by_host_cost(const Situation& situation) {
  const Situation locals = situation.on_a_host();
  return least_cost<ReduceArguments>(locals) +
         least_cost<AllreduceArguments>(situation.among_leaders()) +
         least_cost<BcastArguments>(locals);
}

}  // namespace prun::coll
