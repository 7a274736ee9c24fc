#include "runtime/coll/reduce_scatter/pairwise.hpp"

#include <utility>

#include "runtime/coll/bytes.hpp"

// Reduce-scatter by pairwise exchange; keeps the order of ranks.
//   Steps:  n-1; in step k every rank sends the rank k further on its contribution to that one's
//           part, and receives one to its own from the rank k before. They come in falling order of
//           ranks, first those before this one, then, around the end, those after it: two results
//           that are combined at the end.
//   Bytes:  (n-1)/n m to and from every rank, m all parts together; every port has one sender at
//           any time.
//   Cost:   (n-1) (a + m/n b)
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005; the
//           order is kept here by the two results.
namespace prun::coll {

Task reduce_scatter_pairwise(Team team, ReduceScatterArguments arguments) {
  const std::span<std::byte> upto_mine = arguments.mine;
  copy(arguments.all[team.rank()], upto_mine);
  Scratch arrived(upto_mine.size());
  Scratch after_mine(upto_mine.size());
  bool any_after = false;
  for (int step = 1; step < team.size(); ++step) {
    const int to = team.neighbour(step);
    const int from = team.neighbour(-step);
    Receiving in = team.recv(from, arrived.all());
    Sending out = team.send(to, arguments.all[to]);
    co_await in;
    co_await out;
    if (from < team.rank()) {
      combine(team, arguments.op, arrived.all(), upto_mine, upto_mine);
    } else if (any_after) {
      combine(team, arguments.op, arrived.all(), after_mine.all(), after_mine.all());
    } else {
      std::swap(arrived, after_mine);
      any_after = true;
    }
  }
  if (any_after) combine(team, arguments.op, upto_mine, after_mine.all(), upto_mine);
}

Nanoseconds reduce_scatter_pairwise_cost(const Situation& situation) {
  return (situation.ranks - 1) * situation.message(situation.part_bytes());
}

}  // namespace prun::coll
