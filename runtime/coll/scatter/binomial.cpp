#include "runtime/coll/scatter/binomial.hpp"

#include <algorithm>

#include <deque>

#include "runtime/coll/binomial_tree.hpp"
#include "runtime/coll/bytes.hpp"

// Scatter down a binomial tree; equal blocks.
//   Steps:  ceil(log2 n); a rank receives the blocks of itself and all ranks below it as one
//           message, keeps the first and passes on the others, the largest bundle first.
//   Bytes:  (n-1) m from the root; a block travels up to ceil(log2 n) times.
//   Cost:   ceil(log2 n) a + (n-1) m b
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {
namespace {

Task at_root(Team team, ScatterArguments arguments) {
  const BinomialTree tree(team, arguments.root);
  const int before_end = team.size() - arguments.root;  // positions that lie before rank 0
  const std::size_t block = arguments.all.size(arguments.root);
  for (int distance = tree.farthest(); distance > 0; distance /= 2) {
    const int count = tree.child_span(distance);
    const int child = tree.child(distance);
    if (distance < before_end && before_end < distance + count) {
      const int first_count = before_end - distance;
      const std::size_t first_bytes = static_cast<std::size_t>(first_count) * block;
      const Scratch both(static_cast<std::size_t>(count) * block);
      copy(arguments.all.run(child, first_count), both.all().first(first_bytes));
      copy(arguments.all.run(0, count - first_count), both.all().subspan(first_bytes));
      Sending out = team.send(child, both.all());
      co_await out;
    } else {
      Sending out = team.send(child, arguments.all.run(child, count));
      co_await out;
    }
  }
}

Task below_root(Team team, ScatterArguments arguments) {
  const BinomialTree tree(team, arguments.root);
  const std::span<std::byte> mine(arguments.mine.data, arguments.mine.bytes());
  if (tree.span() == 1) {
    Receiving in = team.recv(tree.parent(), mine);
    co_await in;
    co_return;
  }
  const std::size_t block = mine.size();
  const Scratch bundle(static_cast<std::size_t>(tree.span()) * block);
  Receiving in = team.recv(tree.parent(), bundle.all());
  co_await in;
  copy(bundle.at(0, block), mine);
  for (int distance = tree.farthest(); distance > 0; distance /= 2) {
    const auto before = static_cast<std::size_t>(distance);
    const auto count = static_cast<std::size_t>(tree.child_span(distance));
    Sending out = team.send(tree.child(distance), bundle.at(before * block, count * block));
    co_await out;
  }
}

}  // namespace

Task scatter_binomial(Team team, ScatterArguments arguments) {
  if (team.rank() == arguments.root) return at_root(team, std::move(arguments));
  return below_root(team, std::move(arguments));
}

Nanoseconds scatter_binomial_cost(const Situation& situation) {
  // Along the branch that is served first: bundles of half the blocks, a quarter, ...
  Nanoseconds passing = 0;
  for (int have = 1; have < situation.ranks; have *= 2) {
    const int bundle = std::min(have, situation.ranks - have);
    passing += situation.message(situation.bytes * static_cast<std::size_t>(bundle));
  }
  return passing;
}

}  // namespace prun::coll
