#include "runtime/coll/start.hpp"

#include <utility>

#include "runtime/coll/selector.hpp"

namespace prun::coll {
namespace {

Task fail(core::Failure failure) {
  throw TransferFailed(std::move(failure));
  co_return;
}

template <class Arguments>
Task start(Team team, Arguments arguments, const Tuning& tuning) {
  team.set_segment_bytes(tuning.segment_bytes);
  const core::Result<const Algorithm<Arguments>*> selected = select(team, arguments, tuning);
  if (!selected) return fail(selected.failure());
  return selected.value()->run(team, std::move(arguments));
}

}  // namespace

Task barrier(Team team, BarrierArguments arguments, const Tuning& tuning) {
  return start(team, arguments, tuning);
}

Task bcast(Team team, BcastArguments arguments, const Tuning& tuning) {
  return start(team, arguments, tuning);
}

Task gather(Team team, GatherArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task scatter(Team team, ScatterArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task allgather(Team team, AllgatherArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task reduce(Team team, ReduceArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task allreduce(Team team, AllreduceArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task reduce_scatter(Team team, ReduceScatterArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task alltoall(Team team, AlltoallArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task scan(Team team, ScanArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

Task exscan(Team team, ExscanArguments arguments, const Tuning& tuning) {
  return start(team, std::move(arguments), tuning);
}

}  // namespace prun::coll
