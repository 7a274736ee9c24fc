#include "runtime/coll/scatter/linear.hpp"

#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

// Scatter by the root to one rank after the other.
//   Steps:  n-1 at the root, in rank order, a few blocks under way at a time so that the next is
//           announced while one leaves.
//   Bytes:  (n-1) m from the root, m to every other rank.
//   Cost:   a + (n-1) m b
namespace prun::coll {

Task scatter_linear(Team team, ScatterArguments arguments) {
  if (team.rank() != arguments.root) {
    Receiving in = team.recv_into(arguments.root, arguments.mine);
    co_await in;
    co_return;
  }
  Sends outgoing;
  for (int rank = 0; rank < team.size(); ++rank) {
    if (rank == arguments.root) continue;
    if (outgoing.size() == segments_ahead) co_await outgoing.oldest();
    outgoing.start(team, rank, arguments.all[rank]);
  }
  while (!outgoing.empty()) co_await outgoing.oldest();
}

Nanoseconds scatter_linear_cost(const Situation& situation) {
  const Link link = situation.link();
  const auto others = static_cast<Nanoseconds>(situation.ranks - 1);
  return link.latency + others * (link.overhead() + link.wire(situation.bytes));
}

}  // namespace prun::coll
