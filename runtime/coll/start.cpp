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
Task run(Team team, Arguments arguments, const Choice<Arguments>& choice, const LinkModel& links) {
  team.set_links(links);
  if (choice.segment_bytes != 0) team.set_segment_bytes(choice.segment_bytes);
  return choice.algorithm->run(team, std::move(arguments));
}

template <class Arguments>
Task run_with(Team team, Arguments arguments, const LinkModel& links, const Tuning& tuning) {
  Situation situation = situation_of(team, arguments);
  situation.links = links;
  const auto choice = select<Arguments>(situation, tuning);
  if (!choice) return fail(choice.failure());
  return run(team, std::move(arguments), choice.value(), links);
}

// Ends a measurement for those who wait for it, also when its task is destroyed half way.
class Measuring {
 public:
  explicit Measuring(LinkState& state) : state_(state) {}
  ~Measuring() {
    state_.give_up({Errc::cancelled, "the call that was to measure the links was given up"});
  }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;

 private:
  LinkState& state_;
};

Task measure(Team team, LinkState& state, LinkFindings* known) {
  const Measuring measuring(state);
  LinkModel links;
  LinkFindings own;
  try {
    Task task = measure_links(team, known != nullptr ? known : &own, &links);
    co_await std::move(task);
  } catch (const TransferFailed& failed) {
    state.give_up(failed.failure());
    throw;
  }
  state.know(links);
}

Task wait_for(LinkState& state) {
  LinkState::Known known(state);
  co_await known;
}

template <class Arguments>
Task run_after(Task first, Team team, Arguments arguments, LinkState& state, const Tuning& tuning) {
  co_await std::move(first);
  Task task = run_with(team, std::move(arguments), state.links(), tuning);
  co_await std::move(task);
}

// All members come here with the same calls in the same order, and the state changes only with
// these: so they all measure in the same call, or not.
template <class Arguments>
Task start(Team team, Arguments arguments, const Basis& basis) {
  const Tuning& tuning = basis.tuning;
  if (tuning.links) return run_with(team, std::move(arguments), *tuning.links, tuning);
  if (basis.state == nullptr) return run_with(team, std::move(arguments), LinkModel(), tuning);
  LinkState& state = *basis.state;
  switch (state.stage()) {
    case LinkState::Stage::known:
      return run_with(team, std::move(arguments), state.links(), tuning);
    case LinkState::Stage::measuring:
      return run_after(wait_for(state), team, std::move(arguments), state, tuning);
    case LinkState::Stage::unknown:
      break;
  }
  const Situation situation = situation_of(team, arguments);
  if (!situation.bytes_known || situation.bytes <= small_bytes || team.size() == 1)
    return run_with(team, std::move(arguments), LinkModel(), tuning);
  if (const auto choice = select_anyhow<Arguments>(situation, tuning))
    return run(team, std::move(arguments), *choice, LinkModel());
  state.begin();
  return run_after(measure(team, state, basis.known), team, std::move(arguments), state, tuning);
}

}  // namespace

Task learn_links(Team team, const Basis& basis) {
  LinkState& state = *basis.state;
  if (basis.tuning.links) state.know(*basis.tuning.links);
  if (state.stage() == LinkState::Stage::unknown && team.size() > 1) {
    state.begin();
    return measure(team, state, basis.known);
  }
  return wait_for(state);
}

Task barrier(Team team, BarrierArguments arguments, const Basis& basis) {
  return start(team, arguments, basis);
}

Task bcast(Team team, BcastArguments arguments, const Basis& basis) {
  return start(team, arguments, basis);
}

Task gather(Team team, GatherArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task scatter(Team team, ScatterArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task allgather(Team team, AllgatherArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task reduce(Team team, ReduceArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task allreduce(Team team, AllreduceArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task reduce_scatter(Team team, ReduceScatterArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task alltoall(Team team, AlltoallArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task scan(Team team, ScanArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

Task exscan(Team team, ExscanArguments arguments, const Basis& basis) {
  return start(team, std::move(arguments), basis);
}

}  // namespace prun::coll
