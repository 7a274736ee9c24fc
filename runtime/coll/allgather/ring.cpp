#include "runtime/coll/allgather/ring.hpp"

#include <algorithm>

#include "runtime/coll/ring.hpp"
#include "runtime/coll/transfers.hpp"

// Allgather around a ring, pipelined.
//   Steps:  n-1; in each, every rank sends to the next the block it received last, its own at
//           first, and receives another from the one before. Blocks travel in k segments, and each
//           is sent on when it is here, not when its block is. Blocks may differ in size.
//   Bytes:  (n-1) m to and from every rank; every port has one sender at any time.
//   Cost:   (n-1) (a + m b) for blocks of one segment, 2 a + m/k b + (n-1) (m b + k o) otherwise
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

Task allgather_ring(Team team, AllgatherArguments arguments) {
  const int before = team.neighbour(-1);
  const int next = team.neighbour(1);
  const RingStream stream(team, arguments.all);
  Receives incoming;
  Sends outgoing;
  Outlet outlet(team, next);
  std::size_t asked = 0;
  std::size_t here = 0;
  std::size_t sent = 0;
  while (here < stream.count() || sent < stream.count() || !outgoing.empty()) {
    for (; asked < stream.count() && asked < here + segments_ahead; ++asked) {
      const int owner = team.neighbour(-stream.step(asked) - 1);
      incoming.start(team, before, stream.of(arguments.all[owner], asked));
    }
    // This rank's own block, and all that has arrived.
    const std::size_t sendable = std::min(stream.count(), here + stream.per_block());
    for (; sent < sendable && outgoing.size() < segments_ahead && outlet.await_ready(); ++sent) {
      const int owner = team.neighbour(-stream.step(sent));
      outgoing.start(team, next, stream.of(arguments.all[owner], sent));
    }
    const bool more = sent < sendable && outgoing.size() < segments_ahead;
    co_await any_ready(incoming, outgoing, more ? &outlet : nullptr);
    while (outgoing.ready()) outgoing.take();
    for (; incoming.ready(); ++here) incoming.take();
  }
}

Nanoseconds allgather_ring_cost(const Situation& situation) {
  return situation.ring(situation.bytes);
}

}  // namespace prun::coll
