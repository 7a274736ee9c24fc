#include "runtime/coll/gather/binomial.hpp"

#include <algorithm>

#include "runtime/coll/binomial_tree.hpp"
#include "runtime/coll/bytes.hpp"
#include "runtime/coll/transfers.hpp"

// Gather up a binomial tree; equal blocks.
//   Steps:  ceil(log2 n); a rank collects the blocks of all ranks below it, which follow its own,
//           and sends them to its parent as one message.
//   Bytes:  (n-1) m into the root; a block travels up to ceil(log2 n) times.
//   Cost:   ceil(log2 n) a + (n-1) m b
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {
namespace {

Task at_root(Team team, GatherArguments arguments) {
  const BinomialTree tree(team, arguments.root);
  const int before_end = team.size() - arguments.root;  // positions that lie before rank 0
  const std::size_t block = arguments.all.size(arguments.root);
  Receives incoming;
  int around_end = 0;  // the one child, if any, whose blocks lie on both sides of the end
  for (int distance = 1; distance < tree.span(); distance *= 2) {
    const int count = tree.child_span(distance);
    if (distance < before_end && before_end < distance + count) {
      around_end = distance;
    } else {
      incoming.start(team, tree.child(distance), arguments.all.run(tree.child(distance), count));
    }
  }
  if (around_end > 0) {
    const int count = tree.child_span(around_end);
    const int first_count = before_end - around_end;
    const Scratch both(static_cast<std::size_t>(count) * block);
    Receiving in = team.recv(tree.child(around_end), both.all());
    co_await in;
    const std::size_t first_bytes = static_cast<std::size_t>(first_count) * block;
    copy(both.all().first(first_bytes), arguments.all.run(tree.child(around_end), first_count));
    copy(both.all().subspan(first_bytes), arguments.all.run(0, count - first_count));
  }
  while (!incoming.empty()) co_await incoming.oldest();
}

Task below_root(Team team, GatherArguments arguments) {
  const BinomialTree tree(team, arguments.root);
  const std::size_t block = arguments.mine.size();
  if (tree.span() == 1) {
    Sending out = team.send(tree.parent(), arguments.mine);
    co_await out;
    co_return;
  }
  const Scratch collected(static_cast<std::size_t>(tree.span()) * block);
  Receives incoming;
  for (int distance = 1; distance < tree.span(); distance *= 2) {
    const auto before = static_cast<std::size_t>(distance);
    const auto count = static_cast<std::size_t>(tree.child_span(distance));
    incoming.start(team, tree.child(distance), collected.at(before * block, count * block));
  }
  copy(arguments.mine, collected.at(0, block));
  while (!incoming.empty()) co_await incoming.oldest();
  Sending out = team.send(tree.parent(), collected.all());
  co_await out;
}

}  // namespace

Task gather_binomial(Team team, GatherArguments arguments) {
  if (team.rank() == arguments.root) return at_root(team, std::move(arguments));
  return below_root(team, std::move(arguments));
}

Nanoseconds gather_binomial_cost(const Situation& situation) {
  // Along the branch that collects most: bundles of 1, 2, 4, ... blocks.
  Nanoseconds collecting = 0;
  for (int have = 1; have < situation.ranks; have *= 2) {
    const int bundle = std::min(have, situation.ranks - have);
    collecting += situation.message(situation.bytes * static_cast<std::size_t>(bundle));
  }
  return collecting;
}

}  // namespace prun::coll
