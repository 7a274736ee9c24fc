#include "runtime/coll/reduce_scatter/ring.hpp"

#include <algorithm>
#include <utility>

#include "runtime/coll/bytes.hpp"

// Reduce-scatter around a ring; commutative operations.
//   Steps:  n-1; a part starts at the rank after its owner and travels around to it, and each rank
//           on the way adds its contribution. Each rank talks to its two neighbours only.
//   Bytes:  (n-1)/n m to and from every rank, m all parts together; every port has one sender at
//           any time.
//   Cost:   (n-1) (a + m/n b)
//   Source: P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
//           workstations", J. Parallel and Distributed Computing 69(2), 2009.
namespace prun::coll {

Task reduce_scatter_ring(Team team, ReduceScatterArguments arguments) {
  const Blocks& all = arguments.all;
  if (team.size() == 1) {
    copy(all[0], arguments.mine);
    co_return;
  }
  std::size_t largest = 0;
  for (int rank = 0; rank < team.size(); ++rank) largest = std::max(largest, all.size(rank));
  Scratch leaving(largest);
  Scratch arriving(largest);
  const int before = team.neighbour(-1);
  const int next = team.neighbour(1);
  std::span<const std::byte> partial = all[before];
  for (int step = 1; step < team.size(); ++step) {
    const int part = team.neighbour(-step - 1);  // at last this rank's own
    const std::span<std::byte> arrived = arriving.at(0, all.size(part));
    Receiving in = team.recv(before, arrived);
    Sending out = team.send(next, partial);
    co_await in;
    co_await out;
    const bool last = step + 1 == team.size();
    combine(team, arguments.op, arrived, all[part], last ? arguments.mine : arrived);
    partial = arrived;
    std::swap(leaving, arriving);
  }
}

}  // namespace prun::coll
