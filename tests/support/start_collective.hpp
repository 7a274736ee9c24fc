#pragma once

#include "runtime/coll/start.hpp"

namespace prun::test {

// The collective that such arguments are for, with its algorithm as it is selected.
template <class Arguments>
coll::Task start_collective(coll::Team team, Arguments arguments, const coll::Basis& basis) {
  using enum coll::Operation;
  constexpr coll::Operation operation = Arguments::operation;
  if constexpr (operation == barrier) return coll::barrier(team, arguments, basis);
  if constexpr (operation == bcast) return coll::bcast(team, arguments, basis);
  if constexpr (operation == gather) return coll::gather(team, arguments, basis);
  if constexpr (operation == scatter) return coll::scatter(team, arguments, basis);
  if constexpr (operation == allgather) return coll::allgather(team, arguments, basis);
  if constexpr (operation == reduce) return coll::reduce(team, arguments, basis);
  if constexpr (operation == allreduce) return coll::allreduce(team, arguments, basis);
  if constexpr (operation == reduce_scatter) return coll::reduce_scatter(team, arguments, basis);
  if constexpr (operation == alltoall) return coll::alltoall(team, arguments, basis);
  if constexpr (operation == scan) return coll::scan(team, arguments, basis);
  if constexpr (operation == exscan) return coll::exscan(team, arguments, basis);
}

}  // namespace prun::test
