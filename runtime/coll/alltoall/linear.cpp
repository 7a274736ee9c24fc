#include "runtime/coll/alltoall/linear.hpp"

#include "runtime/coll/transfers.hpp"

// All-to-all at once.
//   Steps:  one; every rank starts all its receives and all its sends, to the next rank first.
//   Bytes:  (n-1) m to and from every rank, and nothing keeps senders from meeting at a port: for
//           few or short blocks.
//   Cost:   a + (n-1) m b
namespace prun::coll {

Task alltoall_linear(Team team, AlltoallArguments arguments) {
  Receives incoming;
  Sends outgoing;
  for (int step = 1; step < team.size(); ++step) {
    const int from = team.neighbour(-step);
    incoming.start(team, from, arguments.incoming[from]);
  }
  for (int step = 1; step < team.size(); ++step) {
    const int to = team.neighbour(step);
    outgoing.start(team, to, arguments.outgoing[to]);
  }
  while (!incoming.empty()) co_await incoming.oldest();
  while (!outgoing.empty()) co_await outgoing.oldest();
}

Nanoseconds alltoall_linear_cost(const Situation& situation) {
  // What a small switch keeps for a port: beyond it packets are lost and come again.
  constexpr std::size_t port_buffer = std::size_t{32} << 10;
  const Link link = situation.link();
  const auto others = static_cast<std::size_t>(situation.ranks - 1);
  const std::size_t arriving = others * situation.bytes;
  const Nanoseconds lost = arriving > port_buffer ? 2 * link.wire(arriving) : 0;
  return link.latency + static_cast<Nanoseconds>(others) * link.overhead() + link.wire(arriving) +
         lost;
}

}  // namespace prun::coll
