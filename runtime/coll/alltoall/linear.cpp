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

}  // namespace prun::coll
