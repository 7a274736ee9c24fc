// Ranks that are started again after they were lost, and hosts that come back (--restart).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "launcher/job/job.hpp"
#include "launcher/job/program_setup.hpp"
#include "runtime/bootstrap/clock_messages.hpp"

namespace prun::job {
namespace {

// For ssh of the host that was lost, which was killed, to be reaped.
constexpr std::chrono::milliseconds before_old_login_is_gone{50};

}  // namespace

// Its host lives: calls for all that are left wait for it from now on.
void Job::expect_again(std::uint32_t rank) {
  if (restarts_.lost(rank)) rank_gone_[restarts_.next_process(rank)] = false;
}

// All of its last process has been told.
void Job::start_again(std::uint32_t host, std::uint32_t rank) {
  const std::uint32_t process = restarts_.next_process(rank);
  const std::uint32_t incarnation = restarts_.start(rank);
  rank_gone_[process] = false;
  losses_.back(rank);
  reports_.may_start(rank);
  machines_[host]->channel->send(bootstrap::StartRank{rank, incarnation});
  hang_.on_rank_back(rank);
  if (plan_.options.verbosity >= 0) {
    output_.own_line(fmt::format("{} starts again ({})", io::rank_name(rank, name(host)),
                                 restarts_.count_words(rank)));
  }
}

bool Job::is_process_of(std::uint32_t host, std::uint32_t process) {
  if (restarts_.is_present(process)) return is_rank_of(host, restarts_.rank_of(process));
  lose_host(host, fmt::format("its agent speaks for process {}, which is not there", process));
  return false;
}

// Ranks know each other by processes, people by ranks.
void Job::on_rank_state(bootstrap::RankState state) {
  const auto rank_of = [this](std::int32_t process) {
    return process < 0
               ? process
               : static_cast<std::int32_t>(restarts_.rank_of(static_cast<std::uint32_t>(process)));
  };
  state.rank = restarts_.rank_of(state.rank);
  for (auto& operation : state.operations) {
    if (operation.kind != bootstrap::AwaitedOperation::Kind::collective)
      operation.peer = rank_of(operation.peer);
  }
  for (auto& comm : state.communicators) {
    for (auto& member : comm.members) member = restarts_.rank_of(member);
  }
  for (auto& message : state.messages) message.source = restarts_.rank_of(message.source);
  for (auto& link : state.links) link.peer = restarts_.rank_of(link.peer);
  hang_.on_state(std::move(state));
}

// --- hosts
// --------------------------------------------------------------------------------------------------------

// True if there is a rank for which it is worth while.
bool Job::awaits_host(std::uint32_t host) const {
  const auto& ranks = machines_[host]->ranks;
  return goes_on() && std::any_of(ranks.begin(), ranks.end(),
                                  [this](std::uint32_t rank) { return restarts_.awaited(rank); });
}

void Job::try_host_later(std::uint32_t host, std::chrono::milliseconds pause) {
  Machine& machine = *machines_[host];
  machine.phase = HostPhase::failed;
  machine.returning = true;
  machine.retry.expires_after(pause);
  machine.retry.async_wait([this, host](asio::error_code error) {
    if (!error) try_host(host);
  });
}

// Nothing is taken over from the login that was lost: agent and program may be gone, and a kept
// connection believes in a host that is dead.
void Job::try_host(std::uint32_t host) {
  Machine& machine = *machines_[host];
  if (stage_ != Stage::running) return;
  if (machine.channel) return try_host_later(host, before_old_login_is_gone);
  machine.tries = 0;
  machine.tries_local = false;
  machine.overdue.clear();
  machine.request.afresh = machine.request.elsewhere = false;
  machine.avoids_masters = true;
  machine.files.reset();
  machine.wanted_bytes = 0;
  trace(fmt::format("{}: is tried again", name(host)));
  fan_out_.enter([this, host] {
    machines_[host]->in_window = true;
    log_in(host);
  });
}

void Job::fail_return(std::uint32_t host, const std::string& why) {
  Machine& machine = *machines_[host];
  trace(fmt::format("{}: is not back: {}", name(host), why));
  machine.deadline.cancel();
  progress_.over(name(host));
  if (watch_) watch_->forget(host);
  if (machine.channel) machine.channel->kill();
  leave_window(machine);
  try_host_later(host, machine.return_pauses.next());
}

// Its agent is up.
void Job::set_up_again(std::uint32_t host) {
  Machine& machine = *machines_[host];
  if (machine.hello.server_address != machine.reached_at && machine.data_address.empty())
    return fail_return(host, "it has another address, which the others do not know");
  if (!machine.local && !offer_.files.empty())
    machine.channel->send(offer_for(offer_, plan_, machine.hello.machine));
  machine.channel->send(setup_for(host));
  move(host, HostEvent::setup_sent);
}

// Everything is there.
void Job::resume_host(std::uint32_t host) {
  Machine& machine = *machines_[host];
  machine.returning = false;
  machine.return_pauses.begin_anew();
  if (plan_.options.verbosity >= 0) output_.own_line(name(host) + " is back");
  bootstrap::Endpoints known;
  for (const auto& [process, port] : endpoints_) known.list.push_back({process, port});
  if (!known.list.empty()) machine.channel->send(known);
  for (const auto& loss : told_losses_) machine.channel->send(loss);
  move(host, HostEvent::start_sent);
  machine.started = machine.done = machine.ranks.size();
  for (const auto rank : machine.ranks) {
    if (!restarts_.awaited(rank)) continue;
    --machine.started;
    --machine.done;
    start_again(host, rank);
  }
  // Not before the ranks, with which its agent makes the page for the time.
  if (!clock_hosts_.empty()) {
    machine.channel->send(bootstrap::ClockStart{});
    if (const auto place = clock_place(host)) order_clocks(clock_tree_.back(*place));
  }
}

}  // namespace prun::job
