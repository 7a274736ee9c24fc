#include "runtime/coll/bcast/chain.hpp"

#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

// Broadcast along a chain, pipelined.
//   Steps:  the root, and each rank after it in rank order around the end, sends the data on to the
//           next in k segments; a rank receives the following segments while it sends one on.
//   Bytes:  m to every rank but the root, m from every rank but the last; every port carries m each
//           way, from one sender.
//   Cost:   (n - 2 + k) (a + m/k b): m b for long messages
//   Source: J. Watts, R. van de Geijn, "A pipelined broadcast for multidimensional meshes",
//           Parallel Processing Letters 5(2), 1995.
namespace prun::coll {

Task bcast_chain(Team team, BcastArguments arguments) {
  const int position = team.distance_from(arguments.root);
  const bool receives = position > 0;
  const bool sends = position + 1 < team.size();
  const int before = team.neighbour(-1);
  const int next = team.neighbour(1);
  const Segments segments(team, arguments.data.size());
  Receives incoming;
  Sends outgoing;
  Outlet outlet(team, next);
  std::size_t asked = 0;
  for (std::size_t k = 0; k < segments.count(); ++k) {
    if (receives) {
      for (; asked < segments.count() && asked < k + segments_ahead; ++asked)
        incoming.start(team, before, segments.of(arguments.data, asked));
      co_await incoming.oldest();
    }
    if (sends) {
      if (outgoing.size() == segments_ahead) co_await outgoing.oldest();
      co_await outlet;
      outgoing.start(team, next, segments.of(arguments.data, k));
    }
  }
  while (!outgoing.empty()) co_await outgoing.oldest();
}

Nanoseconds bcast_chain_cost(const Situation& situation) {
  return situation.pipeline(situation.ranks - 1, situation.bytes);
}

}  // namespace prun::coll
