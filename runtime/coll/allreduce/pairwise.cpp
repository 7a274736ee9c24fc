#include "runtime/coll/allreduce/pairwise.hpp"

#include "runtime/coll/allgather/ring.hpp"
#include "runtime/coll/bytes.hpp"
#include "runtime/coll/cuts.hpp"
#include "runtime/coll/reduce_scatter/pairwise.hpp"

// Allreduce as a pairwise reduce_scatter and an allgather around a ring; keeps the order of ranks.
//   Steps:  2 (n-1); the data is cut into n parts. Each rank talks to every other one.
//   Bytes:  2 (n-1)/n m to and from every rank; every port has one sender at any time.
//   Cost:   2 (n-1) (a + m/n b)
//   Source: R. Rabenseifner, "Optimization of collective reduction operations", ICCS 2004, with
//           other schedules for the two halves.
namespace prun::coll {

Task allreduce_pairwise(Team team, AllreduceArguments arguments) {
  const Parts parts(team, arguments.data);
  const Blocks blocks = parts.as_blocks();
  const Scratch own(blocks.size(team.rank()));

  ReduceScatterArguments halfway;
  halfway.all = blocks;
  halfway.mine = own.all();
  halfway.op = arguments.op;
  Task reduce_scatter = reduce_scatter_pairwise(team, halfway);
  co_await std::move(reduce_scatter);
  copy(own.all(), blocks[team.rank()]);

  AllgatherArguments rest;
  rest.all = blocks;
  Task allgather = allgather_ring(team, rest);
  co_await std::move(allgather);
}

Nanoseconds allreduce_pairwise_cost(const Situation& situation) {
  return reduce_scatter_pairwise_cost(situation) + situation.ring(situation.part_bytes());
}

}  // namespace prun::coll
