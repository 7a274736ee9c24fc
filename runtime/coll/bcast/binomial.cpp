#include "runtime/coll/bcast/binomial.hpp"

#include "runtime/coll/binomial_tree.hpp"

// Broadcast down a binomial tree.
//   Steps:  ceil(log2 n); who has the data sends it to the child with the most members below it
//           first, one child after the other.
//   Bytes:  m to every rank but the root; up to ceil(log2 n) m leave one rank.
//   Cost:   ceil(log2 n) (a + m b)
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

Task bcast_binomial(Team team, BcastArguments arguments) {
  const BinomialTree tree(team, arguments.root);
  if (!tree.is_root()) {
    Receiving in = team.recv(tree.parent(), arguments.data);
    co_await in;
  }
  for (int distance = tree.farthest(); distance > 0; distance /= 2) {
    Sending out = team.send(tree.child(distance), arguments.data);
    co_await out;
  }
}

Nanoseconds bcast_binomial_cost(const Situation& situation) {
  return situation.rounds() * situation.message(situation.bytes);
}

}  // namespace prun::coll
