#include "runtime/coll/reduce/binomial.hpp"

#include "runtime/coll/binomial_tree.hpp"
#include "runtime/coll/bytes.hpp"

// Reduce up a binomial tree.
//   Steps:  ceil(log2 n); a rank combines its own contribution with those of its children, the
//           nearest first, so that what it has is always that of ranks next to each other. The
//           tree's root is the root where the operation commutes. Otherwise it is rank 0, so that
//           the order of ranks holds, and one more step takes the result to the root.
//   Bytes:  m from every rank but the root; up to ceil(log2 n) m into one rank.
//   Cost:   ceil(log2 n) (a + m b), one (a + m b) more where the order matters and the root is
//           not 0
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

Task reduce_binomial(Team team, ReduceArguments arguments) {
  const bool is_root = team.rank() == arguments.root;
  const int top = arguments.op.commutative ? arguments.root : 0;
  const BinomialTree tree(team, top);

  std::span<const std::byte> have = arguments.mine;
  if (tree.span() > 1) {
    const bool in_result = is_root && tree.is_root();
    const Scratch incoming(have.size());
    const Scratch own(in_result ? 0 : have.size());
    const std::span<std::byte> combined = in_result ? arguments.result : own.all();
    for (int distance = 1; distance < tree.span(); distance *= 2) {
      Receiving in = team.recv(tree.child(distance), incoming.all());
      co_await in;
      combine(team, arguments.op, have, incoming.all(), combined);
      have = combined;
    }
    if (!in_result) {
      Sending out = team.send(tree.is_root() ? arguments.root : tree.parent(), combined);
      co_await out;
    }
  } else if (!tree.is_root()) {
    Sending out = team.send(tree.parent(), have);
    co_await out;
  } else {
    copy(have, arguments.result);
  }

  if (is_root && !tree.is_root()) {
    Receiving in = team.recv(top, arguments.result);
    co_await in;
  }
}

Nanoseconds reduce_binomial_cost(const Situation& situation) {
  const int extra = situation.commutative ? 0 : 1;
  return (situation.rounds() + extra) * situation.message(situation.bytes);
}

}  // namespace prun::coll
