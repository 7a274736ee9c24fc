#include "runtime/coll/reduce_scatter/ring.hpp"

#include <algorithm>

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/ring.hpp"
#include "runtime/coll/transfers.hpp"

// Reduce-scatter around a ring, pipelined; commutative operations.
//   Steps:  n-1; a part starts at the rank after its owner and travels around to it, and each rank
//           on the way adds its contribution. Parts travel in k segments, and each is sent on when
//           it is here, not when its part is. Each rank talks to its two neighbours only.
//   Bytes:  (n-1)/n m to and from every rank, m all parts together; every port has one sender at
//           any time.
//   Cost:   (n-1) (a + m/n b) for parts of one segment, 2 a + m/(n k) b + (n-1) (m/n b + k o)
//           otherwise
//   Source: P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
//           workstations", J. Parallel and Distributed Computing 69(2), 2009.
namespace prun::coll {

Task reduce_scatter_ring(Team team, ReduceScatterArguments arguments) {
  const Blocks& all = arguments.all;
  if (team.size() == 1) {
    copy(all[0], arguments.mine);
    co_return;
  }
  const int before = team.neighbour(-1);
  const int next = team.neighbour(1);
  const RingStream stream(team, all);
  // A segment has a place from when it is asked for until it has left, which is a part later.
  const std::size_t places =
      std::min(stream.per_block() + 2 * segments_ahead, stream.count() - stream.per_block());
  const Scratch memory(places * stream.largest());
  const auto part = [&](std::size_t i) { return all[team.neighbour(-stream.step(i) - 2)]; };
  // In the last step the part is this rank's own, and stays.
  const std::size_t passed_on = stream.count() - stream.per_block();
  Receives incoming;
  Sends outgoing;
  Outlet outlet(team, next);
  std::size_t asked = 0;
  std::size_t here = 0;
  std::size_t sent = 0;
  std::size_t left = 0;
  const auto place = [&](std::size_t i) {
    const std::size_t size = stream.of(part(i), i).size();
    if (i >= passed_on) return stream.of(arguments.mine, i);
    return memory.at(i % places * stream.largest(), size);
  };
  while (here < stream.count() || left < stream.count()) {
    for (; asked < stream.count() && asked < here + segments_ahead; ++asked) {
      if (asked < passed_on && asked >= places + left - std::min(left, stream.per_block())) break;
      incoming.start(team, before, place(asked));
    }
    const std::size_t sendable = std::min(stream.count(), here + stream.per_block());
    for (; sent < sendable && outgoing.size() < segments_ahead && outlet.await_ready(); ++sent) {
      if (sent < stream.per_block()) {
        outgoing.start(team, next, stream.of(all[before], sent));
      } else {
        outgoing.start(team, next, place(sent - stream.per_block()));
      }
    }
    const bool more = sent < sendable && outgoing.size() < segments_ahead;
    co_await any_ready(incoming, outgoing, more ? &outlet : nullptr);
    for (; outgoing.ready(); ++left) outgoing.take();
    for (; incoming.ready(); ++here) {
      incoming.take();
      const std::span<std::byte> arrived = place(here);
      combine(team, arguments.op, arrived, stream.of(part(here), here), arrived);
    }
  }
}

Nanoseconds reduce_scatter_ring_cost(const Situation& situation) {
  return situation.ring(situation.part_bytes());
}

}  // namespace prun::coll
