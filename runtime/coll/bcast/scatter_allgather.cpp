#include "runtime/coll/bcast/scatter_allgather.hpp"

#include "runtime/coll/allgather/ring.hpp"
#include "runtime/coll/binomial_tree.hpp"
#include "runtime/coll/cuts.hpp"

// Broadcast as a scatter down a binomial tree and an allgather around a ring.
//   Steps:  ceil(log2 n) + n - 1; the data is cut into n parts, part p for the rank p places after
//           the root. A rank receives the parts of all ranks below it in the tree, where they
//           belong in the data.
//   Bytes:  up to 2 (n-1)/n m to and from every rank; in the ring every port has one sender.
//   Cost:   (ceil(log2 n) + n - 1) a + 2 (n-1)/n m b
//   Source: M. Barnett, S. Gupta, D. Payne, L. Shuler, R. van de Geijn, J. Watts, "Interprocessor
//           collective communication library (InterCom)", SHPCC 1994.
namespace prun::coll {

Task bcast_scatter_allgather(Team team, BcastArguments arguments) {
  const BinomialTree tree(team, arguments.root);
  const Parts parts(team, arguments.data);
  if (!tree.is_root()) {
    Receiving in = team.recv(tree.parent(), parts.run(tree.position(), tree.span()));
    co_await in;
  }
  for (int distance = tree.farthest(); distance > 0; distance /= 2) {
    const int first = tree.position() + distance;
    Sending out = team.send(tree.child(distance), parts.run(first, tree.child_span(distance)));
    co_await out;
  }
  AllgatherArguments all;
  all.all = parts.as_blocks(arguments.root);
  Task ring = allgather_ring(team, all);
  co_await std::move(ring);
}

Nanoseconds bcast_scatter_allgather_cost(const Situation& situation) {
  const std::size_t part = situation.part_bytes();
  Nanoseconds scattering = 0;
  for (int span = 1; span < situation.ranks; span *= 2)
    scattering += situation.message(part * static_cast<std::size_t>(span));
  return scattering + situation.ring(part);
}

}  // namespace prun::coll
