#include <prun/environment.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "runtime/comm/comm_state.hpp"
#include "runtime/comm/world.hpp"

namespace prun {
namespace {

// The one process-wide fact: whether this process has joined its job. See Environment.
std::atomic<bool> joined{false};

std::shared_ptr<detail::World> join_once() {
  if (joined.exchange(true)) {
    throw Error(Errc::invalid_argument,
                "a process joins its job once: there is, or was, another prun::Environment in it");
  }
  return detail::World::join();
}

}  // namespace

Environment::Environment()
    : state_(join_once()), own_world_(detail::CommState::of_world(state_)), world_(own_world_) {
  // Output goes through pipes to prun, which shows whole lines: without this the C library keeps it
  // back until a buffer is full.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
}

Environment::Environment(int&, char**&) : Environment() {}

Environment::~Environment() {
  if (state_->finalized() || std::uncaught_exceptions() > 0) return;
  try {
    state_->finalize({});
  } catch (const std::exception& cause) {
    // Without finalize the exit counts as a failure, so prun will name this rank; here is why.
    std::fprintf(stderr, "%s\n", cause.what());
  }
}

Communicator& Environment::world() {
  return world_;
}

int Environment::incarnation() const {
  return state_->incarnation();
}

Communicator Environment::restore(Deadline deadline, CallSite at) {
  return Communicator(detail::agree_on_members(*own_world_->lobby(), "restore", deadline, at));
}

std::vector<int> Environment::waiting() const {
  state_->check_usable();
  state_->poll();
  std::vector<int> ranks;
  for (const auto process : state_->membership().waiting(*own_world_->lobby()))
    ranks.push_back(state_->rank_of(process));
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

void Environment::finalize(CallSite at) {
  state_->finalize(at);
}

void Environment::abort(int exit_status, std::string_view text) {
  state_->abort(exit_status, text);
}

Counters Environment::counters() const {
  return state_->counters();
}

Counters Environment::counters(int rank) const {
  if (rank < 0 || rank >= state_->size()) {
    throw Error(Errc::invalid_argument, "counters of rank " + std::to_string(rank) +
                                            ": the job has ranks 0 to " +
                                            std::to_string(state_->size() - 1));
  }
  Counters all;
  for (int process = rank; process < state_->processes(); process += state_->size())
    all = all + state_->counters(process);
  return all;
}

double Environment::wtime() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace prun
