#include "runtime/coll/allreduce/ring.hpp"

#include "runtime/coll/allgather/ring.hpp"
#include "runtime/coll/bytes.hpp"
#include "runtime/coll/cuts.hpp"
#include "runtime/coll/reduce_scatter/ring.hpp"

// Allreduce as a reduce_scatter and an allgather, both around a ring; commutative operations.
//   Steps:  2 (n-1); the data is cut into n parts. Each rank talks to its two neighbours only.
//   Bytes:  2 (n-1)/n m to and from every rank; every port has one sender at any time.
//   Cost:   2 (n-1) (a + m/n b)
//   Source: P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
//           workstations", J. Parallel and Distributed Computing 69(2), 2009.
namespace prun::coll {

Task allreduce_ring(Team team, AllreduceArguments arguments) {
  const Parts parts(team, arguments.data);
  const Blocks blocks = parts.as_blocks();
  const Scratch own(blocks.size(team.rank()));

  ReduceScatterArguments halfway;
  halfway.all = blocks;
  halfway.mine = own.all();
  halfway.op = arguments.op;
  Task reduce_scatter = reduce_scatter_ring(team, halfway);
  co_await std::move(reduce_scatter);
  copy(own.all(), blocks[team.rank()]);

  AllgatherArguments rest;
  rest.all = blocks;
  Task allgather = allgather_ring(team, rest);
  co_await std::move(allgather);
}

Nanoseconds allreduce_ring_cost(const Situation& situation) {
  return 2 * situation.ring(situation.part_bytes());
}

}  // namespace prun::coll
