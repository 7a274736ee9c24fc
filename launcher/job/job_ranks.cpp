// What ranks do while the job runs.
#include <fmt/format.h>
#include <unistd.h>
#include <asio/post.hpp>

#include <algorithm>
#include <utility>

#include "launcher/io/exit_report.hpp"
#include "launcher/job/job.hpp"
#include "runtime/bootstrap/clock_messages.hpp"

namespace prun::job {
namespace {

using bootstrap::ControlFrame;
using bootstrap::ControlKind;

constexpr std::chrono::milliseconds failure_grace{500};
// Ranks of one host begin to listen within about this time of each other.
constexpr std::chrono::milliseconds endpoint_batch{2};

// How much of standard input may be on its way to a rank.
constexpr std::size_t input_window_bytes = 64 * 1024;

}  // namespace

template <class Message, class Handler>
void Job::take(std::uint32_t host, const ControlFrame& frame, Handler handler) {
  auto message = bootstrap::decode_frame<Message>(frame);
  if (message.ok()) {
    handler(std::move(message).value());
  } else if (starting(host)) {
    fail_host(host, 125, "its agent cannot be understood: " + message.failure().text);
  } else {
    lose_host(host, "its agent cannot be understood: " + message.failure().text);
  }
}

void Job::on_frame(std::uint32_t host, const ControlFrame& frame) {
  Machine& machine = *machines_[host];
  if (watch_) watch_->heard(host);
  if (machine.phase == HostPhase::failed || stage_ >= Stage::closing) return;
  if (!may_arrive(machine.phase, frame.kind)) {
    const auto text = fmt::format("its agent sent a message of kind {} while {}",
                                  static_cast<int>(frame.kind), to_string(machine.phase));
    if (starting(host)) return fail_host(host, 125, text);
    return lose_host(host, text);
  }
  switch (frame.kind) {
    case ControlKind::agent_hello:
      return on_hello(host, frame);
    case ControlKind::agent_ready:
      return take<bootstrap::AgentReady>(host, frame,
                                         [&](const auto& ready) { on_ready(host, ready); });
    case ControlKind::agent_problem:
      return take<bootstrap::AgentProblem>(host, frame,
                                           [&](const auto& problem) { on_problem(host, problem); });
    case ControlKind::stage_want:
      return take<stage::StageWant>(host, frame, [&](const auto& want) { on_want(host, want); });
    case ControlKind::stage_progress:
      return take<stage::StageProgress>(host, frame,
                                        [&](const auto& progress) { on_progress(host, progress); });
    case ControlKind::stage_unpassed:
      return take<stage::StageUnpassed>(host, frame,
                                        [&](const auto& unpassed) { on_unpassed(host, unpassed); });
    case ControlKind::probe_port:
      return take<liveness::ProbePort>(host, frame, [&](const auto& probe) {
        if (watch_) watch_->ask_at(host, machine.hello.server_address, probe.port);
      });
    case ControlKind::rank_started:
      return take<bootstrap::RankStarted>(host, frame, [&](const auto& started) {
        if (is_rank_of(host, started.rank) && holds(host, reports_.started(started.rank)))
          on_rank_started(host);
      });
    case ControlKind::rank_output:
      return take<bootstrap::RankOutput>(host, frame, [&](const auto& output) {
        if (is_rank_of(host, output.rank) &&
            holds(host, reports_.printed(host, output.data.size())))
          output_.take(output.rank, output.stream, output.data);
      });
    case ControlKind::input_credit:
      return take<bootstrap::InputCredit>(host, frame, [&](const auto& credit) {
        if (is_rank_of(host, credit.rank) &&
            holds(host, reports_.read_input(credit.rank, credit.bytes)))
          on_input_credit(credit);
      });
    case ControlKind::input_wanted:
      return take<bootstrap::InputWanted>(host, frame, [&](const auto& wanted) {
        if (is_rank_of(host, wanted.rank)) on_input_wanted(wanted.rank);
      });
    case ControlKind::rank_endpoint:
      return take<bootstrap::RankEndpoint>(host, frame, [&](const auto& endpoint) {
        if (is_process_of(host, endpoint.rank) &&
            holds(host, reports_.announced(restarts_.rank_of(endpoint.rank))))
          on_rank_endpoint(endpoint);
      });
    case ControlKind::clock_wanted:
      return on_clock_wanted();
    case ControlKind::clock_port:
      return take<bootstrap::ClockPort>(
          host, frame, [&](const auto& message) { on_clock_port(host, message.port); });
    case ControlKind::clock_known:
      return on_clock_known(host);
    case ControlKind::rank_aborting:
      return take<bootstrap::RankAborting>(host, frame, [&](const auto& aborting) {
        if (is_process_of(host, aborting.rank)) on_rank_aborting(host, aborting);
      });
    case ControlKind::peer_suspected:
      return take<bootstrap::PeerSuspected>(host, frame, [&](const auto& suspected) {
        if (is_process_of(host, suspected.rank)) on_peer_suspected(suspected);
      });
    case ControlKind::survivors_asked:
      return take<bootstrap::SurvivorsAsked>(host, frame, [&](const auto& asked) {
        if (is_process_of(host, asked.rank)) on_survivors_asked(host, asked);
      });
    case ControlKind::rank_exited:
      return take<bootstrap::RankExited>(host, frame, [&](const auto& exited) {
        if (is_rank_of(host, exited.rank) && holds(host, reports_.exited(exited.rank)))
          on_rank_exited(host, exited);
      });
    case ControlKind::rank_done:
      return take<bootstrap::RankDone>(host, frame, [&](const auto& done) {
        if (is_rank_of(host, done.rank) && holds(host, reports_.done(done.rank)))
          on_rank_done(host, done.rank);
      });
    case ControlKind::rank_stillness:
      return take<bootstrap::RankStillness>(host, frame, [&](const auto& stillness) {
        if (is_process_of(host, stillness.rank))
          hang_.on_stillness({restarts_.rank_of(stillness.rank), stillness.stillness});
      });
    case ControlKind::rank_state:
      return take<bootstrap::RankState>(host, frame, [&](auto&& state) {
        if (is_process_of(host, state.rank)) on_rank_state(std::forward<decltype(state)>(state));
      });
    case ControlKind::host_states:
      return take<bootstrap::HostStates>(
          host, frame, [&](const auto& states) { hang_.on_host_states(host, states); });
    default:
      return;
  }
}

bool Job::is_rank_of(std::uint32_t host, std::uint32_t rank) {
  if (rank < machine_of_rank_.size() && machine_of_rank_[rank] == host) return true;
  lose_host(host, fmt::format("its agent speaks for rank {}, which is not there", rank));
  return false;
}

bool Job::holds(std::uint32_t host, const RankReports::Fault& fault) {
  if (fault) lose_host(host, *fault);
  return !fault;
}

void Job::on_rank_started(std::uint32_t host) {
  Machine& machine = *machines_[host];
  if (machine.phase != HostPhase::starting) return;  // one that was started again
  ++machine.started;
  if (machine.started < machine.ranks.size()) return;
  move(host, HostEvent::all_started);
  if (may_input_begin()) begin_input();
}

void Job::on_rank_exited(std::uint32_t host, const bootstrap::RankExited& exited) {
  const std::uint32_t process = restarts_.process_of(exited.rank);
  if (rank_gone_[process]) return;
  rank_gone_[process] = true;
  forget_reader(exited.rank);
  const io::RankEnd end{exited.rank, name(host), exited.signalled, exited.value, exited.phase};
  ends_.push_back(end);
  const std::string cause = io::cause_text(end);
  hang_.on_rank_ended(exited.rank, cause);
  trace(fmt::format("{} {}", io::rank_name(exited.rank, name(host)), cause));
  if (stage_ != Stage::running) return;  // as ordered
  if (!io::is_failure(end)) {
    tell_loss(bootstrap::PeerLost{process, true, cause});
    answer_survivors();
    return;
  }
  if (go_on_without(host, end)) return;
  decide(io::exit_status_of(end), io::end_sentence(end), Culprit::job);
  tell_living(bootstrap::PeerLost{process, false, cause});
  end_job(failure_grace);
}

void Job::on_rank_aborting(std::uint32_t host, const bootstrap::RankAborting& aborting) {
  decide(io::exit_status_of_abort(aborting.exit_status),
         io::abort_sentence(restarts_.rank_of(aborting.rank), name(host), aborting.exit_status,
                            aborting.text),
         Culprit::job);
  if (stage_ != Stage::running) return;
  tell_all(bootstrap::PeerLost{
      aborting.rank, false,
      "ended the job" + (aborting.text.empty() ? std::string() : ": " + aborting.text)});
  end_job(failure_grace);
}

void Job::on_rank_done(std::uint32_t host, std::uint32_t rank) {
  Machine& machine = *machines_[host];
  output_.end_of(rank);
  if (goes_on() && restarts_.awaited(rank)) return start_again(host, rank);
  ++machine.done;
  if (machine.done < machine.ranks.size()) return;
  move(host, HostEvent::all_done);
  check_all_done();
}

void Job::on_rank_endpoint(const bootstrap::RankEndpoint& endpoint) {
  ranks_have_joined_ = true;
  if (restarts_.allowed()) endpoints_[endpoint.rank] = endpoint.port;
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

// Everybody who is to read has been started.
bool Job::may_input_begin() const {
  const auto ranks = input_readers_.ranks();
  return stage_ == Stage::running && !input_ && !ranks.empty() &&
         std::all_of(ranks.begin(), ranks.end(), [this](std::uint32_t rank) {
           const auto phase = machines_[machine_of_rank_[rank]]->phase;
           return phase == HostPhase::running || phase == HostPhase::done;
         });
}

void Job::begin_input() {
  const auto send = [this](std::uint32_t rank, const auto& message) {
    const auto& channel = machines_[machine_of_rank_[rank]]->channel;
    if (channel) channel->send(message);
  };
  io::InputSource::Handlers handlers;
  handlers.data = [this, send](const std::vector<std::byte>& bytes) {
    input_readers_.given(bytes.size());
    reports_.given_input(bytes.size());
    for (const auto rank : input_readers_.ranks()) send(rank, bootstrap::RankInput{rank, bytes});
  };
  handlers.end = [this, send] {
    for (const auto rank : input_readers_.ranks()) send(rank, bootstrap::InputEnd{rank});
  };
  handlers.offered = [this, send] {
    for (const auto rank : input_readers_.ranks()) send(rank, bootstrap::InputOffer{rank});
  };
  // A rank's terminal has read what it was given.
  const auto use =
      terminal_rank() >= 0 ? io::InputSource::Use::at_once : io::InputSource::Use::shared;
  if (terminal_rank() >= 0) raw_terminal_.take(STDIN_FILENO);
  input_ = std::make_unique<io::InputSource>(
      STDIN_FILENO, [this](std::function<void()> work) { asio::post(io_, std::move(work)); },
      std::move(handlers), use);
  input_->add_credit(input_window_bytes);
}

void Job::on_input_credit(const bootstrap::InputCredit& credit) {
  tell_source(input_readers_.took(credit.rank, credit.bytes));
  if (credit.closed) forget_reader(credit.rank);
}

// What one of several has taken is gone; more is read when all have room for it.
void Job::tell_source(const InputReaders::Progress& progress) {
  if (!input_) return;
  if (progress.by_one != 0) input_->taken(progress.by_one);
  if (progress.by_all != 0) input_->add_credit(progress.by_all);
}

// Said before the rank got what another has asked for, it is settled.
void Job::on_input_wanted(std::uint32_t rank) {
  if (input_ && input_readers_.has_taken_all(rank)) input_->want();
}

// What nobody has read yet stays where it is.
void Job::forget_reader(std::uint32_t rank) {
  if (!input_readers_.has(rank)) return;
  const auto progress = input_readers_.left(rank);
  if (!input_) {
    if (may_input_begin()) begin_input();
  } else if (input_readers_.empty()) {
    input_->stop();
    raw_terminal_.restore();  // from now on Ctrl-C is prun's again
  } else {
    tell_source(progress);
    input_->ask_again();  // it may have been the only one who wanted more
  }
}

}  // namespace prun::job
