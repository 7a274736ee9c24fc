#include "runtime/coll/reduce_scatter/recursive_halving.hpp"

#include <bit>
#include <vector>

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/exchange.hpp"

// Reduce-scatter by recursive halving; powers of two, commutative operations.
//   Steps:  log2 n; in each, the parts that a rank works on are divided in halves, and it gives the
//           half in which its own part is not to the partner at the same place in the other half of
//           the ranks, which gives it the other.
//   Bytes:  (n-1)/n m to and from every rank, m all parts together; every port has one sender at
//           any time.
//   Cost:   log2 n a + (n-1)/n m b, and m copied
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

bool recursive_halving_fits(const Situation& situation) {
  return situation.commutative && situation.ranks > 2 &&
         std::has_single_bit(static_cast<unsigned>(situation.ranks));
}

Task reduce_scatter_recursive_halving(Team team, ReduceScatterArguments arguments) {
  const Blocks& all = arguments.all;
  // Part i from offsets[i] to offsets[i+1].
  std::vector<std::size_t> offsets = {0};
  for (int rank = 0; rank < team.size(); ++rank) offsets.push_back(offsets.back() + all.size(rank));
  const Scratch memory(2 * offsets.back());
  const auto parts = [&](int first, int count) {
    const std::size_t begin = offsets[static_cast<std::size_t>(first)];
    const int end = first + count;
    return memory.at(begin, offsets[static_cast<std::size_t>(end)] - begin);
  };
  for (int rank = 0; rank < team.size(); ++rank) copy(all[rank], parts(rank, 1));

  for (int half = team.size() / 2; half > 0; half /= 2) {
    const int kept = team.rank() / half * half;  // the first part of the half of this rank
    const std::span<std::byte> mine = parts(kept, half);
    const std::span<std::byte> arrived = memory.at(offsets.back(), mine.size());
    Task step = exchange(team, team.rank() ^ half, parts(kept ^ half, half), arrived);
    co_await std::move(step);
    combine(team, arguments.op, mine, arrived, mine);
  }
  copy(parts(team.rank(), 1), arguments.mine);
}

Nanoseconds reduce_scatter_recursive_halving_cost(const Situation& situation) {
  const std::size_t part = situation.part_bytes();
  Nanoseconds cost = situation.copying(situation.bytes);
  for (int half = situation.ranks / 2; half > 0; half /= 2)
    cost += situation.exchange(part * static_cast<std::size_t>(half));
  return cost;
}

}  // namespace prun::coll
