#include "launcher/job/job.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "launcher/cli/exit_status.hpp"
#include "launcher/io/exit_report.hpp"
#include "launcher/job/log_lines.hpp"
#include "launcher/ssh/ssh_failure.hpp"
#include "runtime/security/random.hpp"

namespace prun::job {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds interrupt_grace{2000};  // after Ctrl-C, between TERM and KILL
constexpr milliseconds failure_grace{500};  // after a rank has failed: others end within a second
constexpr milliseconds time_for_last_words{400};  // of ranks that have lost another
constexpr milliseconds after_grace{1000};         // for the news of the KILL to come back
constexpr milliseconds closing_patience{5000};
constexpr milliseconds ended_patience{2000};  // the same when the job was ended by force

// As a shell shows a program that SIGPIPE has ended.
constexpr int status_closed_output = 128 + SIGPIPE;

// Whoever started prun so, as nohup does, wants it to stay so.
bool is_ignored(int number) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Job::Job(asio::io_context& io, JobPlan plan)
    : io_(io),
      plan_(std::move(plan)),
      fan_out_(plan_.options.ssh_window),
      agents_(plan_.agents),
      wishes_timer_(io),
      endpoint_timer_(io),
      output_(io, plan_.options.output,
              {.settled =
                   [this](std::uint32_t rank, std::size_t bytes) {
                     const auto host = machine_of_rank_[rank];
                     const auto credit = reports_.given_back(host, bytes);
                     const auto& channel = machines_[host]->channel;
                     if (channel && credit > 0)
                       channel->send(bootstrap::OutputCredit{static_cast<std::uint32_t>(credit)});
                   },
               .broken = [this](int error) { on_broken_output(error); },
               .file_failed =
                   [this](const std::string& text) {
                     decide(cli::exit_own_failure, text);
                     end_job(failure_grace);
                   }}),
      log_("prun", std::make_shared<LogLines>(
                       [this](const std::string& line) { output_.whole_line(line); })),
      progress_(plan_.options.verbosity >= 0 && ::isatty(STDERR_FILENO) == 1
                    ? &output_.in_place_line()
                    : nullptr),
      // With -v each step has a line of its own.
      status_line_(plan_.options.verbosity == 0 && ::isatty(STDERR_FILENO) == 1
                       ? &output_.in_place_line()
                       : nullptr),
      hang_(io,
            {.on_deadlock = plan_.options.on_deadlock,
             .after = plan_.options.hang_after,
             .quiet = plan_.options.verbosity < 0},
            {.ask = [this](const bootstrap::HangQuestion& question) { tell_living(question); },
             .tell =
                 [this](const std::vector<std::string>& lines) {
                   for (const auto& line : lines) output_.own_line(line);
                 },
             .end =
                 [this](std::string sentence) {
                   decide(cli::exit_deadlock, std::move(sentence), Culprit::job);
                   end_job(failure_grace);
                 }}),
      signals_(io),
      children_(io),
      job_timer_(io),
      end_timer_(io),
      stop_timer_(io),
      status_timer_(io) {
  for (const auto& planned : plan_.hosts) {
    auto machine = std::make_unique<Machine>(io_);
    machine->host = planned.host;
    machine->local = planned.local;
    machine->request.agents = plan_.agents;
    machine->request.leaves_nothing = plan_.options.leaves_nothing;
    machines_.push_back(std::move(machine));
  }
  log_.set_pattern("%^prun:%$ %v");  // in colour at a terminal
  log_.set_level(plan_.options.verbosity > 0 ? spdlog::level::info : spdlog::level::warn);
  job_id_ = security::random_u64();
  security::random_bytes(key_);
  assign_ranks(plan_.host_of_rank);
}

// Gives every machine its ranks, in the place of those it had.
void Job::assign_ranks(const std::vector<std::uint32_t>& machine_of_rank) {
  const auto& options = plan_.options;
  machine_of_rank_ = machine_of_rank;
  restarts_ = Restarts(static_cast<std::uint32_t>(machine_of_rank_.size()), options.restarts);
  rank_gone_.assign(restarts_.processes(), true);
  std::fill_n(rank_gone_.begin(), machine_of_rank_.size(), false);
  reports_ = RankReports(machine_of_rank_.size(), machines_.size());
  for (auto& machine : machines_) machine->ranks.clear();
  std::vector<std::uint32_t> readers;
  for (std::uint32_t rank = 0; rank < machine_of_rank_.size(); ++rank) {
    machines_[machine_of_rank_[rank]]->ranks.push_back(rank);
    if (options.input == cli::InputFor::all ||
        (options.input == cli::InputFor::rank && options.input_rank == rank)) {
      readers.push_back(rank);
    }
  }
  input_readers_ = InputReaders(readers);
}

// The lines and files of each rank. Behind the last placement, so that no file of a rank is made
// that there will not be.
core::Status Job::prepare_output() {
  for (std::uint32_t rank = 0; rank < machine_of_rank_.size(); ++rank) {
    const std::uint32_t machine = machine_of_rank_[rank];
    const auto prepared =
        output_.prepare({rank, machine, machines_[machine]->host.name}, plan_.options.label);
    if (!prepared) return prepared.failure();
  }
  if (terminal_rank() >= 0) output_.show_raw(static_cast<std::uint32_t>(terminal_rank()));
  return core::Done{};
}

// Who is being waited for, once that takes long enough for somebody to wonder.
void Job::show_status() {
  status_timer_.expires_after(status_line_.next_look(std::chrono::steady_clock::now() - begun_));
  status_timer_.async_wait([this](asio::error_code error) {
    if (error || !starting()) return;
    std::vector<AwaitedHost> awaited;
    for (const auto& machine : machines_) {
      if (const auto* doing = doing_words(machine->phase))
        awaited.push_back({machine->host.name, doing});
    }
    if (!progress_.is_shown())
      status_line_.show(awaited, std::chrono::steady_clock::now() - begun_);
    show_status();
  });
}

int Job::run() {
  for (const auto& note : plan_.options.notes) log_.info("{}", note);
  watch_signals();
  if (plan_.options.timeout) {
    job_timer_.expires_after(*plan_.options.timeout);
    job_timer_.async_wait([this](asio::error_code error) {
      if (error) return;
      const auto end = [this] {
        decide(cli::exit_time_limit, io::time_limit_sentence(*plan_.options.timeout), Culprit::job);
        end_job(failure_grace);
      };
      if (!plan_.options.reports_on_timeout) return end();
      report_then("at the time limit", end);
    });
  }
  show_status();
  watch_hosts();
  begin_logins();
  make_offer();
  io_.run();
  return status_.value_or(0);
}

// A reader that has left, as `head` does, wants no more and no comment.
void Job::on_broken_output(int error) {
  if (stage_ == Stage::over || status_) return;
  if (error == EPIPE) {
    decide(status_closed_output, {});
  } else {
    decide(cli::exit_own_failure,
           "cannot write standard output: " + std::generic_category().message(error));
    // The last line may have been told already.
    if (stage_ == Stage::writing) output_.own_line(std::exchange(sentence_, {}));
  }
  end_job(failure_grace);
}

void Job::decide(int status, std::string sentence, Culprit culprit) {
  if (status_) return;
  status_ = status;
  // With -q the status alone tells how the ranks have ended; what prun could not do is still told.
  if (culprit == Culprit::job && plan_.options.verbosity < 0) return;
  sentence_ = std::move(sentence);
}

// Every rank that runs is ended; the agents confirm by its exit.
void Job::end_job(milliseconds grace, int number) {
  if (stage_ >= Stage::ending) return;
  hang_.stop();
  if (starting()) {
    close_down(ended_patience);
    return;
  }
  stage_ = Stage::ending;
  trace("ending the ranks");
  if (ranks_have_joined_ && grace == failure_grace) {
    // They hear at the same time whom they have lost, and may have something to say about it.
    end_timer_.expires_after(time_for_last_words);
    end_timer_.async_wait([this, grace, number](asio::error_code error) {
      if (!error) terminate_ranks(grace, number);
    });
  } else {
    terminate_ranks(grace, number);
  }
  check_all_done();
}

void Job::terminate_ranks(milliseconds grace, int number) {
  tell_all(bootstrap::Terminate{static_cast<std::uint32_t>(grace.count()),
                                static_cast<std::uint8_t>(number)});
  end_timer_.expires_after(grace + after_grace);
  end_timer_.async_wait([this](asio::error_code error) {
    if (!error) close_down(ended_patience);
  });
}

void Job::check_all_done() {
  if (stage_ != Stage::running && stage_ != Stage::ending) return;
  const bool over = std::all_of(machines_.begin(), machines_.end(), [](const auto& machine) {
    return machine->phase == HostPhase::done || machine->phase == HostPhase::failed ||
           machine->returning;
  });
  if (!over) return;
  conclude_losses();
  close_down(status_ ? ended_patience : closing_patience);
}

// The agents leave, and take with them what is still there.
void Job::close_down(milliseconds patience) {
  if (stage_ >= Stage::closing) return;
  stage_ = Stage::closing;
  trace("closing");
  hang_.stop();
  output_.in_place_line().clear();
  status_timer_.cancel();
  job_timer_.cancel();
  wishes_timer_.cancel();
  fan_out_.cancel();
  for (auto& machine : machines_) {
    machine->deadline.cancel();
    machine->retry.cancel();
    if (!machine->channel) continue;
    if (machine->phase < HostPhase::agent_up) {
      machine->channel->kill();
    } else {
      machine->channel->send(bootstrap::Shutdown{});
    }
  }
  end_timer_.expires_after(patience);
  end_timer_.async_wait([this](asio::error_code error) {
    if (error) return;
    std::string names;
    for (const auto& machine : machines_) {
      if (machine->channel) names += (names.empty() ? "" : ", ") + machine->host.name;
    }
    output_.own_line(fmt::format("{} did not confirm that all processes have ended there", names));
    write_out();
  });
  check_all_closed();
}

void Job::check_all_closed() {
  if (stage_ != Stage::closing) return;
  if (std::any_of(machines_.begin(), machines_.end(),
                  [](const auto& machine) { return machine->channel != nullptr; })) {
    return;
  }
  write_out();
}

// The last line, and then the end once everything is written. A job that was ended by force does
// not wait for a reader that has gone to sleep.
void Job::write_out() {
  stage_ = Stage::writing;
  trace("writing");
  end_timer_.cancel();
  if (input_) input_->stop();
  raw_terminal_.restore();
  output_.show_sorted([this] {
    tell_ends();
    tell_timing();
    trace("over");
    if (!sentence_.empty()) output_.own_line(sentence_);
    output_.finish([this] { leave(); });
  });
  if (!interrupted_ && status_ != cli::exit_time_limit) return;
  end_timer_.expires_after(ended_patience);
  end_timer_.async_wait([this](asio::error_code error) {
    if (!error) leave();
  });
}

void Job::tell_ends() {
  if (!plan_.options.tells_all_ends) return;
  std::sort(ends_.begin(), ends_.end(),
            [](const auto& a, const auto& b) { return a.rank < b.rank; });
  for (const auto& end : ends_)
    output_.own_line(io::rank_name(end.rank, end.host) + " " + io::cause_text(end));
}

void Job::tell_timing() {
  if (!plan_.options.timing) return;
  const auto now = std::chrono::steady_clock::now();
  for (auto& machine : machines_) machine->times.end(now);
  std::vector<HostTimes> rows;
  for (const auto& machine : machines_) rows.push_back({machine->host.name, machine->times});
  for (const auto& line : timing_table(rows, now - begun_)) output_.own_line(line);
}

void Job::leave() {
  stage_ = Stage::over;
  io_.stop();
}

void Job::on_end(std::uint32_t host, ChannelEnd end) {
  Machine& machine = *machines_[host];
  const auto channel = std::move(machine.channel);  // until the end of this call
  machine.deadline.cancel();
  if (watch_) watch_->forget(host);
  if (login_watch_) login_watch_->forget(host);
  trace(fmt::format("{}: its channel has ended while {}", name(host), to_string(machine.phase)));
  if (stage_ >= Stage::closing) {
    check_all_closed();
    return;
  }
  if (machine.phase == HostPhase::done) on_clock_host_lost(host);
  if (machine.phase == HostPhase::done || machine.phase == HostPhase::failed) return;
  if (starting(host)) {
    on_failed_login(host, end);
    return;
  }
  std::string why = ssh::said_in_one_line(end.words);
  if (why.empty()) why = end.broken;
  if (why.empty() && end.exited && WIFSIGNALED(end.wait_status)) {
    why = fmt::format("its {} was ended by signal {}", machine.local ? "agent" : "ssh",
                      WTERMSIG(end.wait_status));
  }
  lose_host(host, why);
}

void Job::lose_host(std::uint32_t host, const std::string& why) {
  const auto& ranks = machines_[host]->ranks;
  lose_hosts({host},
             fmt::format("lost the connection to {} ({} {}){}", name(host),
                         ranks.size() == 1 ? "rank" : "ranks", fmt::join(ranks, ", "),
                         why.empty() ? std::string() : ": " + why),
             "the connection to its host was lost");
}

// `cause` is what ranks are told of those they have lost.
void Job::lose_hosts(const std::vector<std::uint32_t>& hosts, const std::string& sentence,
                     const std::string& cause) {
  const bool with_rank_0 =
      !rank_gone_[0] && std::find(hosts.begin(), hosts.end(), machine_of_rank_[0]) != hosts.end();
  const bool outlives_it = goes_on() && (!with_rank_0 || may_lose(0));
  if (!outlives_it) decide(cli::exit_own_failure, sentence);
  std::vector<std::uint32_t> lost;
  for (const auto host : hosts) {
    Machine& machine = *machines_[host];
    machine.phase = HostPhase::failed;
    machine.deadline.cancel();
    if (watch_) watch_->forget(host);
    if (machine.channel) machine.channel->kill();
    on_clock_host_lost(host);
    reports_.host_lost(host);
    for (const auto rank : machine.ranks) {
      const std::uint32_t process = restarts_.process_of(rank);
      if (restarts_.awaited(rank)) rank_gone_[restarts_.next_process(rank)] = true;
      if (rank_gone_[process]) continue;
      rank_gone_[process] = true;
      restarts_.lost(rank);
      lost.push_back(rank);
      output_.end_of(rank);
      hang_.on_rank_ended(rank, "been lost with its host");
      tell_loss(bootstrap::PeerLost{process, false, cause});
    }
  }
  if (outlives_it) {
    go_on_without_ranks(hosts, lost, sentence);
  } else {
    end_job(failure_grace);
  }
  check_all_done();
}

void Job::watch_signals() {
  asio::error_code ignored;
  for (const int number :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGTSTP}) {
    if (!is_ignored(number)) signals_.add(number, ignored);
  }
  for (const int number : plan_.options.signals.value_or(std::vector<int>()))
    signals_.add(number, ignored);
  children_.add(SIGCHLD, ignored);
  on_signal(0);
  reap();
}

void Job::on_signal(int number) {
  switch (number) {
    case 0:
      break;
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
      interrupt(number);
      break;
    case SIGQUIT:
      quit();
      break;
    case SIGTSTP:
      stop_with_the_ranks();
      break;
    default:
      if (number == SIGCONT) wake_up();
      if (number == SIGWINCH) tell_window_size();
      if (number == SIGUSR1 && !is_for_the_ranks_alone(number)) {
        report_then("as asked by SIGUSR1", nullptr);
      }
      if (stage_ == Stage::running && forwards_signals()) forward(number);
      break;
  }
  signals_.async_wait([this](asio::error_code error, int next) {
    if (!error) on_signal(next);
  });
}

// Ctrl-\, of whoever has given up on a job: why it does not end, and then its end. A second one does
// not wait for the report.
void Job::quit() {
  if (stage_ != Stage::running || std::exchange(quitting_, true)) return interrupt(SIGQUIT);
  report_then("as asked by SIGQUIT", [this] { interrupt(SIGQUIT); });
}

void Job::report_then(const std::string& why, std::function<void()> then) {
  if (stage_ == Stage::running) {
    hang_.report("what the ranks do, " + why, std::move(then));
  } else if (then) {
    then();
  }
}

// Whether the user has named it as one that the program wants.
bool Job::is_for_the_ranks_alone(int number) const {
  const auto& asked = plan_.options.signals;
  return asked && std::find(asked->begin(), asked->end(), number) != asked->end();
}

// Who asks for a report does not mean to end ranks that do not know the signal.
void Job::forward(int number) {
  const bool only_who_listens = number == SIGUSR1 && !is_for_the_ranks_alone(number);
  tell_all(bootstrap::Signal{static_cast<std::uint8_t>(number), only_who_listens});
}

// Those that were not asked for are watched too: prun is not to die of them and leave its ranks.
bool Job::forwards_signals() const {
  const auto& asked = plan_.options.signals;
  return !asked || !asked->empty();
}

void Job::interrupt(int number) {
  const bool again = std::exchange(interrupted_, true);
  const char* words = number == SIGINT    ? "interrupted"
                      : number == SIGTERM ? "asked to end (SIGTERM)"
                      : number == SIGQUIT ? "asked to quit (SIGQUIT)"
                                          : "hung up";
  decide(128 + number, words, Culprit::job);
  if (stage_ < Stage::ending) {
    end_job(interrupt_grace, number);
  } else if (stage_ == Stage::writing) {
    leave();
  } else if (again && stage_ == Stage::ending) {
    tell_all(bootstrap::Terminate{0});
  }
}

// Ctrl-Z: the ranks first, then prun itself; SIGCONT brings both back.
void Job::stop_with_the_ranks() {
  if (stage_ == Stage::running && forwards_signals()) tell_all(bootstrap::Signal{SIGTSTP});
  output_.in_place_line().clear();
  raw_terminal_.restore();
  // Time for the order to leave; a stopped launcher sends nothing.
  stop_timer_.expires_after(milliseconds(50));
  stop_timer_.async_wait([](asio::error_code error) {
    if (!error) ::raise(SIGSTOP);
  });
}

// In the foreground again, perhaps.
void Job::wake_up() {
  if (!input_) return;
  input_->look_again();
  if (terminal_rank() >= 0 && !input_readers_.empty()) raw_terminal_.take(STDIN_FILENO);
  tell_window_size();
}

void Job::tell_window_size() {
  const auto size = io::window_size();
  const auto rank = terminal_rank();
  if (rank < 0 || !size || stage_ != Stage::running) return;
  const auto& channel = machines_[machine_of_rank_[static_cast<std::size_t>(rank)]]->channel;
  if (channel) {
    channel->send(
        bootstrap::WindowSize{static_cast<std::uint32_t>(rank), size->rows, size->columns});
  }
}

std::int32_t Job::terminal_rank() const {
  return plan_.options.terminal ? static_cast<std::int32_t>(plan_.options.input_rank) : -1;
}

void Job::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) break;
    for (auto& machine : machines_) {
      if (machine->channel && machine->channel->pid() == pid) {
        machine->channel->reaped(status);
        break;
      }
    }
  }
  children_.async_wait([this](asio::error_code error, int) {
    if (!error) reap();
  });
}

void Job::trace(const std::string& text) {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  log_.info("{:7.3f} s  {}", seconds, text);
}

}  // namespace prun::job
