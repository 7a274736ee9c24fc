#include "runtime/coll/scan/chain.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

// Inclusive scan along the ranks, pipelined.
//   Steps:  the data is cut into k segments; a rank puts each segment that comes from the rank
//           before in front of its own, and sends its result to the next while the following ones
//           arrive.
//   Bytes:  m into every rank but the first, m from every rank but the last; every port has one
//           sender.
//   Cost:   (n - 2 + k) (a + m/k b): m b for long messages
//   Source: the broadcast chain with a combination at each rank; see bcast/chain.cpp.
namespace prun::coll {

Task scan_chain(Team team, ScanArguments arguments) {
  const int rank = team.rank();
  const bool receives = rank > 0;
  const bool sends = rank + 1 < team.size();
  const Segments segments(team, arguments.data.size());
  const Scratch memory(receives ? std::min(segments_ahead, segments.count()) * segments.largest()
                                : 0);
  const auto place_of = [&](std::size_t k) {
    return memory.at(k % segments_ahead * segments.largest(), segments.size(k));
  };
  Receives incoming;
  Sends outgoing;
  Outlet outlet(team, sends ? rank + 1 : rank);
  std::size_t asked = 0;
  for (std::size_t k = 0; k < segments.count(); ++k) {
    const std::span<std::byte> segment = segments.of(arguments.data, k);
    if (receives) {
      for (; asked < segments.count() && asked < k + segments_ahead; ++asked)
        incoming.start(team, rank - 1, place_of(asked));
      co_await incoming.oldest();
      combine(team, arguments.op, place_of(k), segment, segment);
    }
    if (sends) {
      if (outgoing.size() == segments_ahead) co_await outgoing.oldest();
      co_await outlet;
      outgoing.start(team, rank + 1, segment);
    }
  }
  while (!outgoing.empty()) co_await outgoing.oldest();
}

Nanoseconds scan_chain_cost(const Situation& situation) {
  return situation.pipeline(situation.ranks - 1, situation.bytes);
}

}  // namespace prun::coll
