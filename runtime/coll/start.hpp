#pragma once

#include "runtime/coll/arguments.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"
#include "runtime/coll/tuning.hpp"

// The collectives: each picks an algorithm and returns its Task, not yet started. A tuning that
// names an unknown algorithm gives a Task that fails (see check in selector.hpp for finding out
// before). A team of one rank works like any other and never waits.
namespace prun::coll {

Task barrier(Team team, BarrierArguments arguments, const Tuning& tuning);
Task bcast(Team team, BcastArguments arguments, const Tuning& tuning);
Task gather(Team team, GatherArguments arguments, const Tuning& tuning);
Task scatter(Team team, ScatterArguments arguments, const Tuning& tuning);
Task allgather(Team team, AllgatherArguments arguments, const Tuning& tuning);
Task reduce(Team team, ReduceArguments arguments, const Tuning& tuning);
Task allreduce(Team team, AllreduceArguments arguments, const Tuning& tuning);
Task reduce_scatter(Team team, ReduceScatterArguments arguments, const Tuning& tuning);
Task alltoall(Team team, AlltoallArguments arguments, const Tuning& tuning);
Task scan(Team team, ScanArguments arguments, const Tuning& tuning);
Task exscan(Team team, ExscanArguments arguments, const Tuning& tuning);

}  // namespace prun::coll
