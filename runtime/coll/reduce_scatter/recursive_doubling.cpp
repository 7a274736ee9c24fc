#include "runtime/coll/reduce_scatter/recursive_doubling.hpp"

#include "runtime/coll/allreduce/recursive_doubling.hpp"
#include "runtime/coll/bytes.hpp"

// Reduce-scatter as an allreduce of everything, of which each rank keeps its part; keeps the order
// of ranks.
//   Steps:  those of allreduce/recursive_doubling.cpp
//   Bytes:  ceil(log2 n) m to and from every rank, m all parts together.
//   Cost:   log2 n (a + m b) for powers of two, (floor(log2 n) + 2) (a + m b) otherwise
namespace prun::coll {

Task reduce_scatter_recursive_doubling(Team team, ReduceScatterArguments arguments) {
  const Scratch whole(arguments.all.total());
  std::size_t offset = 0;
  std::size_t own_offset = 0;
  for (int rank = 0; rank < team.size(); ++rank) {
    if (rank == team.rank()) own_offset = offset;
    copy(arguments.all[rank], whole.at(offset, arguments.all.size(rank)));
    offset += arguments.all.size(rank);
  }
  AllreduceArguments everything;
  everything.data = whole.all();
  everything.op = arguments.op;
  Task allreduce = allreduce_recursive_doubling(team, everything);
  co_await std::move(allreduce);
  copy(whole.at(own_offset, arguments.mine.size()), arguments.mine);
}

Nanoseconds reduce_scatter_recursive_doubling_cost(const Situation& situation) {
  return allreduce_recursive_doubling_cost(situation) + situation.copying(situation.bytes);
}

}  // namespace prun::coll
