#include "runtime/coll/allgather/by_host.hpp"

#include <vector>

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/host_leaders.hpp"
#include "runtime/coll/stage.hpp"

// Allgather among one leader for each host, with the blocks of all ranks there as one. Blocks may
// differ in size.
//   Steps:  those of the cheapest gather among the ranks of a host, of the cheapest allgather among
//           h hosts, of the cheapest broadcast among the ranks of a host. Blocks travel in the
//           order of hosts, and are copied to their places at the end.
//   Bytes:  the blocks of all other hosts into every host's port, once.
//   Cost:   that of the three stages, one behind the other, and n m copied
//   Source: as bcast/by_host.cpp
namespace prun::coll {

Task allgather_by_host(Team team, AllgatherArguments arguments) {
  const HostLeaders hosts(team, 0);
  const HostMap& map = *team.host_map();
  const Scratch memory(arguments.all.total());
  // Where the blocks of every host are in it, and those of this host's ranks.
  std::vector<std::size_t> host_offsets;
  std::vector<std::size_t> host_sizes;
  std::vector<std::size_t> local_offsets;
  std::vector<std::size_t> local_sizes;
  std::size_t offset = 0;
  for (int host = 0; host < map.count(); ++host) {
    host_offsets.push_back(offset);
    for (const int member : map.members(host)) {
      if (host == map.host_of(team.rank())) {
        local_offsets.push_back(offset);
        local_sizes.push_back(arguments.all.size(member));
      }
      offset += arguments.all.size(member);
    }
    host_sizes.push_back(offset - host_offsets.back());
  }

  GatherArguments collecting;
  collecting.mine = arguments.all[team.rank()];
  collecting.root = hosts.local_leader();
  collecting.uniform = false;
  if (hosts.leads()) {
    collecting.all = Blocks::at(memory.all().data(), local_offsets, local_sizes);
    copy(collecting.mine, collecting.all[hosts.local_leader()]);
  }
  Task first = stage(hosts.locals(), collecting);
  co_await std::move(first);
  if (hosts.leads()) {
    AllgatherArguments between;
    between.all = Blocks::at(memory.all().data(), host_offsets, host_sizes);
    Task second = stage(hosts.leaders(), between);
    co_await std::move(second);
  }
  BcastArguments returning;
  returning.data = memory.all();
  returning.root = hosts.local_leader();
  Task third = stage(hosts.locals(), returning);
  co_await std::move(third);

  offset = 0;
  for (int host = 0; host < map.count(); ++host) {
    for (const int member : map.members(host)) {
      const std::size_t size = arguments.all.size(member);
      copy(memory.at(offset, size), arguments.all[member]);
      offset += size;
    }
  }
}

Nanoseconds allgather_by_host_cost(const Situation& situation) {
  const auto ranks = static_cast<std::size_t>(situation.ranks);
  const auto per_host = static_cast<std::size_t>(situation.per_host);
  const Situation locals = situation.on_a_host();
  const Situation leaders = situation.among_leaders();
  return least_cost<GatherArguments>(locals) +
         least_cost<AllgatherArguments>(leaders.with_bytes(situation.bytes * per_host)) +
         least_cost<BcastArguments>(locals.with_bytes(situation.bytes * ranks)) +
         situation.copying(situation.bytes * ranks);
}

}  // namespace prun::coll
