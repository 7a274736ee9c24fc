#include "runtime/coll/exscan/chain.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

// Exclusive scan along the ranks, pipelined.
//   Steps:  the data is cut into k segments; a segment that comes from the rank before is this
//           rank's result, and goes to the next with this rank's contribution behind it, while the
//           following ones arrive.
//   Bytes:  m into every rank but the first, m from every rank but the last; every port has one
//           sender.
//   Cost:   (n - 2 + k) (a + m/k b): m b for long messages
//   Source: the broadcast chain with a combination at each rank; see bcast/chain.cpp.
namespace prun::coll {

Task exscan_chain(Team team, ExscanArguments arguments) {
  const int rank = team.rank();
  const bool receives = rank > 0;
  const bool sends = rank + 1 < team.size();
  const Segments segments(team, arguments.mine.size());
  const Scratch memory(std::min(segments_ahead, segments.count()) * segments.largest());
  Receives incoming;
  Sends outgoing;
  Outlet outlet(team, sends ? rank + 1 : rank);
  std::size_t asked = 0;
  for (std::size_t k = 0; k < segments.count(); ++k) {
    if (receives) {
      for (; asked < segments.count() && asked < k + segments_ahead; ++asked)
        incoming.start(team, rank - 1, segments.of(arguments.result, asked));
      co_await incoming.oldest();
    }
    if (sends) {
      if (outgoing.size() == segments_ahead) co_await outgoing.oldest();
      co_await outlet;
      const std::span<const std::byte> mine = segments.of(arguments.mine, k);
      if (receives) {
        const std::span<std::byte> place =
            memory.at(k % segments_ahead * segments.largest(), segments.size(k));
        combine(team, arguments.op, segments.of(arguments.result, k), mine, place);
        outgoing.start(team, rank + 1, place);
      } else {
        outgoing.start(team, rank + 1, mine);
      }
    }
  }
  while (!outgoing.empty()) co_await outgoing.oldest();
}

Nanoseconds exscan_chain_cost(const Situation& situation) {
  return situation.pipeline(situation.ranks - 1, situation.bytes);
}

}  // namespace prun::coll
