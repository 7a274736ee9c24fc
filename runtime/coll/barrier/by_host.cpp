#include "runtime/coll/barrier/by_host.hpp"

#include "runtime/coll/bcast/binomial.hpp"
#include "runtime/coll/gather/binomial.hpp"
#include "runtime/coll/host_leaders.hpp"
#include "runtime/coll/stage.hpp"

// Barrier among one leader for each host, which waits for the others there before and tells them
// after.
//   Steps:  a gather of nothing on each host, a barrier among h hosts, a broadcast of nothing.
//   Bytes:  none but headers.
//   Cost:   that of the three stages, one behind the other
//   Source: as bcast/by_host.cpp
namespace prun::coll {

Task barrier_by_host(Team team, BarrierArguments arguments) {
  const HostLeaders hosts(team, 0);
  const Team locals = hosts.locals();
  std::byte none{};
  GatherArguments coming;
  coming.root = hosts.local_leader();
  coming.uniform = true;
  if (hosts.leads()) coming.all = Blocks::uniform(&none, locals.size(), 0);
  Task first = gather_binomial(locals, coming);
  co_await std::move(first);
  if (hosts.leads()) {
    Task second = stage(hosts.leaders(), arguments);
    co_await std::move(second);
  }
  BcastArguments going;
  going.root = hosts.local_leader();
  Task third = bcast_binomial(locals, going);
  co_await std::move(third);
}

Nanoseconds barrier_by_host_cost(const Situation& situation) {
  const Situation locals = situation.on_a_host();
  return gather_binomial_cost(locals) + least_cost<BarrierArguments>(situation.among_leaders()) +
         bcast_binomial_cost(locals);
}

}  // namespace prun::coll
