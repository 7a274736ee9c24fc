#include "runtime/coll/bcast/by_host.hpp"

#include "runtime/coll/host_leaders.hpp"
#include "runtime/coll/stage.hpp"

// Broadcast among one leader for each host, and from it to the others there.
//   Steps:  those of the cheapest broadcast among h hosts, then of the cheapest among the ranks of
//           a host.
//   Bytes:  m through every host's port, however many ranks it has.
//   Cost:   that of the two stages, one behind the other
//   Source: N. T. Karonis et al., "Exploiting hierarchy in parallel computer networks to optimize
//           collective operation performance", IPDPS 2000.
namespace prun::coll {

Task bcast_by_host(Team team, BcastArguments arguments) {
  const HostLeaders hosts(team, arguments.root);
  if (hosts.leads()) {
    BcastArguments between = arguments;
    between.root = hosts.root_leader();
    Task first = stage(hosts.leaders(), between);
    co_await std::move(first);
  }
  BcastArguments within = arguments;
  within.root = hosts.local_leader();
  Task second = stage(hosts.locals(), within);
  co_await std::move(second);
}

Nanoseconds bcast_by_host_cost(const Situation& situation) {
  return least_cost<BcastArguments>(situation.among_leaders()) +
         least_cost<BcastArguments>(situation.on_a_host());
}

}  // namespace prun::coll
