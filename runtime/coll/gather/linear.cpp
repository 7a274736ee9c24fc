#include "runtime/coll/gather/linear.hpp"

// Gather by the root from one rank after the other.
//   Steps:  n-1 at the root, in rank order. A long block waits at its sender until the root asks
//   for
//           it, so that long blocks reach the root's port one at a time; short ones come at once.
//   Bytes:  (n-1) m into the root, m from every other rank.
//   Cost:   (n-1) m b + a for short blocks, (n-1) (2 a + m b) for long ones
namespace prun::coll {

Task gather_linear(Team team, GatherArguments arguments) {
  if (team.rank() != arguments.root) {
    Sending out = team.send(arguments.root, arguments.mine);
    co_await out;
    co_return;
  }
  for (int rank = 0; rank < team.size(); ++rank) {
    if (rank == arguments.root) continue;
    Receiving in = team.recv(rank, arguments.all[rank]);
    co_await in;
  }
}

Nanoseconds gather_linear_cost(const Situation& situation) {
  const Link link = situation.link();
  const auto others = static_cast<Nanoseconds>(situation.ranks - 1);
  if (situation.bytes > situation.eager_bytes)
    return others * (2 * link.latency + link.wire(situation.bytes));
  return link.latency + others * (link.overhead() + link.wire(situation.bytes));
}

}  // namespace prun::coll
