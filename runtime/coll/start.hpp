#pragma once

#include "runtime/coll/arguments.hpp"
#include "runtime/coll/link_measurement.hpp"
#include "runtime/coll/link_state.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"
#include "runtime/coll/tuning.hpp"

// The collectives: each picks an algorithm and returns its Task, not yet started. A tuning that
// names an unknown algorithm gives a Task that fails (see check in selector.hpp for finding out
// before). A team of one rank works like any other and never waits.
namespace prun::coll {

// What a choice is made from, besides the call itself. All outlive the task.
struct Basis {
  const Tuning& tuning;
  // Of the communicator; null: what is assumed of links is taken for granted.
  LinkState* state = nullptr;
  // Of this process, from other communicators.
  LinkFindings* known = nullptr;
};

Task barrier(Team team, BarrierArguments arguments, const Basis& basis);
Task bcast(Team team, BcastArguments arguments, const Basis& basis);
Task gather(Team team, GatherArguments arguments, const Basis& basis);
Task scatter(Team team, ScatterArguments arguments, const Basis& basis);
Task allgather(Team team, AllgatherArguments arguments, const Basis& basis);
Task reduce(Team team, ReduceArguments arguments, const Basis& basis);
Task allreduce(Team team, AllreduceArguments arguments, const Basis& basis);
Task reduce_scatter(Team team, ReduceScatterArguments arguments, const Basis& basis);
Task alltoall(Team team, AlltoallArguments arguments, const Basis& basis);
Task scan(Team team, ScanArguments arguments, const Basis& basis);
Task exscan(Team team, ExscanArguments arguments, const Basis& basis);

// Nothing but the measuring, where the links are not known yet.
Task learn_links(Team team, const Basis& basis);

}  // namespace prun::coll
