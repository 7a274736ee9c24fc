// What ranks do while the job runs.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "launcher/job/job.hpp"

namespace prun::job {
namespace {

using bootstrap::ControlFrame;
using bootstrap::ControlKind;

constexpr std::chrono::milliseconds failure_grace{500};
// Ranks of one host begin to listen within about this time of each other.
constexpr std::chrono::milliseconds endpoint_batch{2};

}  // namespace

template <class Message, class Handler>
void Job::take(std::uint32_t host, const ControlFrame& frame, Handler handler) {
  auto message = bootstrap::decode_frame<Message>(frame);
  if (message.ok()) {
    handler(std::move(message).value());
  } else if (starting()) {
    fail_host(host, 125, "its agent cannot be understood: " + message.failure().text);
  } else {
    lose_host(host, "its agent cannot be understood: " + message.failure().text);
  }
}

void Job::on_frame(std::uint32_t host, const ControlFrame& frame) {
  Machine& machine = *machines_[host];
  if (machine.phase == HostPhase::failed || stage_ == Stage::closing) {
    return;
  }
  if (!may_arrive(machine.phase, frame.kind)) {
    const auto text = fmt::format("its agent sent a message of kind {} while {}", static_cast<int>(frame.kind),
                                  to_string(machine.phase));
    if (starting()) return fail_host(host, 125, text);
    return lose_host(host, text);
  }
  switch (frame.kind) {
    case ControlKind::agent_hello: return on_hello(host, frame);
    case ControlKind::agent_ready:
      return take<bootstrap::AgentReady>(host, frame, [&](const auto& ready) { on_ready(host, ready); });
    case ControlKind::agent_problem:
      return take<bootstrap::AgentProblem>(host, frame, [&](const auto& problem) { on_problem(host, problem); });
    case ControlKind::rank_started:
      return take<bootstrap::RankStarted>(host, frame, [&](const auto& started) {
        if (is_rank_of(host, started.rank)) on_rank_started(host);
      });
    case ControlKind::rank_output:
      return take<bootstrap::RankOutput>(host, frame, [&](const auto& output) {
        if (is_rank_of(host, output.rank)) output_.take(host, output.rank, output.stream, output.data);
      });
    case ControlKind::rank_endpoint:
      return take<bootstrap::RankEndpoint>(host, frame, [&](const auto& endpoint) {
        if (is_rank_of(host, endpoint.rank)) on_rank_endpoint(endpoint);
      });
    case ControlKind::rank_aborting:
      return take<bootstrap::RankAborting>(host, frame, [&](const auto& aborting) {
        if (is_rank_of(host, aborting.rank)) on_rank_aborting(host, aborting);
      });
    case ControlKind::rank_exited:
      return take<bootstrap::RankExited>(host, frame, [&](const auto& exited) {
        if (is_rank_of(host, exited.rank)) on_rank_exited(host, exited);
      });
    case ControlKind::rank_done:
      return take<bootstrap::RankDone>(host, frame, [&](const auto& done) {
        if (is_rank_of(host, done.rank)) on_rank_done(host, done.rank);
      });
    default: return;
  }
}

bool Job::is_rank_of(std::uint32_t host, std::uint32_t rank) {
  if (rank < map_.size() && map_.host_of_rank[rank] == host) return true;
  lose_host(host, fmt::format("its agent speaks for rank {}, which is not there", rank));
  return false;
}

void Job::on_rank_started(std::uint32_t host) {
  Machine& machine = *machines_[host];
  ++machine.started;
  if (machine.started == machine.ranks.size()) move(host, HostEvent::all_started);
}

void Job::on_rank_exited(std::uint32_t host, const bootstrap::RankExited& exited) {
  if (rank_gone_[exited.rank]) return;
  rank_gone_[exited.rank] = true;
  trace(fmt::format("{}: {} {}", rank_on_host(exited.rank), exited.signalled ? "signal" : "status", exited.value));
  const bool unfinished = exited.phase == bootstrap::RankPhase::joined;
  if (!exited.signalled && exited.value == 0 && !unfinished) {
    tell_all(bootstrap::PeerLost{exited.rank, true, "has left the job"});
    return;
  }
  std::string cause;
  int status = exited.value;
  if (exited.signalled) {
    cause = fmt::format("died: signal {} ({})", exited.value, ::strsignal(exited.value));
    status = 128 + exited.value;
  } else if (exited.value != 0) {
    cause = fmt::format("ended with exit status {}", exited.value);
  } else {
    cause = "ended with exit status 0 in the middle of the job, without finalize";
    status = 1;
  }
  decide(status, rank_on_host(exited.rank) + " " + cause);
  tell_all(bootstrap::PeerLost{exited.rank, false, cause});
  static_cast<void>(host);
  end_job(failure_grace);
}

void Job::on_rank_aborting(std::uint32_t, const bootstrap::RankAborting& aborting) {
  const int status = aborting.exit_status & 0xff;
  const std::string cause = "gave up" + (aborting.text.empty() ? std::string() : ": " + aborting.text);
  decide(status == 0 ? 1 : status, rank_on_host(aborting.rank) + " " + cause);
  tell_all(bootstrap::PeerLost{aborting.rank, false, cause});
  end_job(failure_grace);
}

void Job::on_rank_done(std::uint32_t host, std::uint32_t rank) {
  Machine& machine = *machines_[host];
  output_.end_of(rank);
  ++machine.done;
  if (machine.done < machine.ranks.size()) return;
  move(host, HostEvent::all_done);
  check_all_done();
}

void Job::on_rank_endpoint(const bootstrap::RankEndpoint& endpoint) {
  new_endpoints_.push_back(endpoint);
  if (new_endpoints_.size() > 1) return;
  endpoint_timer_.expires_after(endpoint_batch);
  endpoint_timer_.async_wait([this](asio::error_code error) {
    if (!error) send_endpoints();
  });
}

void Job::send_endpoints() {
  const bootstrap::Endpoints endpoints{std::exchange(new_endpoints_, {})};
  tell_all(endpoints);
  trace(fmt::format("{} endpoints sent on", endpoints.list.size()));
}

}  // namespace prun::job
