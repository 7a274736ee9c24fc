#pragma once

#include <spdlog/logger.h>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/hang/hang_watch.hpp"
#include "launcher/io/exit_report.hpp"
#include "launcher/io/input_source.hpp"
#include "launcher/io/raw_terminal.hpp"
#include "launcher/job/clock_tree.hpp"
#include "launcher/job/data_addresses.hpp"
#include "launcher/job/file_chains.hpp"
#include "launcher/job/file_sender.hpp"
#include "launcher/job/host_channel.hpp"
#include "launcher/job/host_states.hpp"
#include "launcher/job/host_watch.hpp"
#include "launcher/job/input_readers.hpp"
#include "launcher/job/job_plan.hpp"
#include "launcher/job/login_watch.hpp"
#include "launcher/job/losses.hpp"
#include "launcher/job/network_choice.hpp"
#include "launcher/job/phase_times.hpp"
#include "launcher/job/rank_output.hpp"
#include "launcher/job/rank_reports.hpp"
#include "launcher/job/restarts.hpp"
#include "launcher/job/status_line.hpp"
#include "launcher/job/survivor_rounds.hpp"
#include "launcher/job/transfer_progress.hpp"
#include "launcher/ssh/fan_out.hpp"
#include "launcher/ssh/remote_command.hpp"
#include "launcher/stage/agent_supply.hpp"
#include "runtime/bootstrap/control_messages.hpp"

namespace prun::job {

// One run of prun: logs in everywhere, has every host checked, starts the ranks, carries their
// output, input and endpoints, and ends. Nothing is started anywhere before everything is ready
// everywhere. One thread, that of run().
//
//   logins -> checks -> running -> ending -> closing -> writing -> over
//
// Any stage may go to ending (ranks have been started and must end) or closing (agents must leave);
// writing waits for whoever reads prun's output. The first thing that goes wrong decides the exit
// status and the last line; all that follows from it is not told.
class Job : private HostListener {
 public:
  Job(asio::io_context& io, JobPlan plan);

  // Answers prun's exit status, when no process of the job is left that could be reached.
  int run();

 private:
  enum class Stage : std::uint8_t { logins, checks, running, ending, closing, writing, over };

  struct Machine {
    explicit Machine(asio::io_context& io) : master_patience(io), deadline(io), retry(io) {}

    hosts::Host host;
    bool local = false;
    HostPhase phase = HostPhase::waiting;
    std::unique_ptr<HostChannel> channel;
    bootstrap::AgentHello hello;
    std::string data_address;  // by --iface; empty: where it was reached
    std::vector<std::uint32_t> ranks;
    PhaseTimes times;
    bool tries_local = false;  // NAME.local, as NAME was not known
    std::size_t started = 0;
    std::size_t done = 0;
    // It was lost and is tried again, up to the order to start its ranks.
    bool returning = false;
    ReturnPauses return_pauses;
    std::string reached_at;  // at the first login
    unsigned tries = 0;
    std::string overdue;  // why its login was given up; it may be tried again
    bool in_window = false;
    ssh::AgentRequest request;  // what the next login asks for
    std::unique_ptr<FileSender> files;
    std::uint64_t wanted_bytes = 0;  // of files, in all
    std::string used_socket;         // of a kept connection that this login may go by
    bool asks_master = true;         // itself, until a master has refused; then by ssh
    bool avoids_masters = false;     // a kept connection has failed it
    asio::steady_timer master_patience;
    asio::steady_timer deadline;
    asio::steady_timer retry;
  };
  // What a host has to say to the user about starting.
  struct HostWord {
    std::uint32_t host;
    std::string text;
  };
  struct StartFailure {
    HostWord word;
    std::uint8_t status;
  };
  // Who ended the job.
  enum class Culprit : std::uint8_t {
    job,   // a rank, the user, a limit the user has set
    prun,  // prun could not do its part
  };

  // Starting (job_start.cpp).
  void show_status();
  void begin_logins();
  void log_in(std::uint32_t host);
  void leave_window(Machine& machine);
  void on_shell(std::uint32_t host, const std::string& path) override;
  void on_hello(std::uint32_t host, const bootstrap::ControlFrame& frame);
  void on_ready(std::uint32_t host, const bootstrap::AgentReady& ready);
  void on_problem(std::uint32_t host, const bootstrap::AgentProblem& problem);
  void on_need(std::uint32_t host, const std::string& agent) override;
  void on_supplied(std::uint32_t host) override;
  void log_in_again(std::uint32_t host, const std::string& why, std::chrono::milliseconds pause);
  core::Status open_login(std::uint32_t host);
  bool avoids_kept_connection(std::uint32_t host);
  void make_offer();
  void on_want(std::uint32_t host, const stage::StageWant& want);
  void begin_files(std::uint32_t host, const std::vector<std::uint32_t>& files);
  void send_files(std::uint32_t host);
  void arrange_chains();
  void send_to_chain(const std::vector<FileWish>& chain);
  void end_chain_behind(std::uint32_t host);
  void on_unpassed(std::uint32_t host, const stage::StageUnpassed& unpassed);
  void on_progress(std::uint32_t host, const stage::StageProgress& progress);
  std::uint32_t index_in_map(std::uint32_t host) const;
  bool asks_again(std::uint32_t host, const ChannelEnd& end);
  std::string files_missing_for(std::uint32_t host) const;
  bool move(std::uint32_t host, HostEvent event);
  void arm_deadline(std::uint32_t host);
  void give_up(std::uint32_t host, const std::string& why);
  void fail_host(std::uint32_t host, std::uint8_t status, std::string text);
  void on_failed_login(std::uint32_t host, const ChannelEnd& end);
  bool may_wait_for_hosts() const;
  void assign_ranks(const std::vector<std::uint32_t>& machine_of_rank);
  bool settle_hosts();
  core::Status prepare_output();
  void dismiss_spare_hosts();
  void check_stage();
  void send_setups();
  bootstrap::JobSetup setup_for(std::uint32_t host);
  void note_oversubscription();
  void send_starts();
  void tell_start_failures();
  void tell_notes();
  void tell_by_host(std::vector<HostWord> words);

  // Addresses (job_network.cpp).
  HostNetwork network_of(std::uint32_t host) const;
  void choose_addresses();
  void tell_addresses();

  // Ranks (job_ranks.cpp).
  void on_frame(std::uint32_t host, const bootstrap::ControlFrame& frame) override;
  template <class Message, class Handler>
  void take(std::uint32_t host, const bootstrap::ControlFrame& frame, Handler handler);
  bool is_rank_of(std::uint32_t host, std::uint32_t rank);
  bool is_process_of(std::uint32_t host, std::uint32_t process);
  bool holds(std::uint32_t host, const RankReports::Fault& fault);
  void on_rank_started(std::uint32_t host);
  void on_rank_exited(std::uint32_t host, const bootstrap::RankExited& exited);
  void on_rank_aborting(std::uint32_t host, const bootstrap::RankAborting& aborting);
  void on_rank_done(std::uint32_t host, std::uint32_t rank);
  void on_rank_endpoint(const bootstrap::RankEndpoint& endpoint);
  void send_endpoints();
  // The job's time (job_clock.cpp).
  void on_clock_wanted();
  void on_clock_port(std::uint32_t host, std::uint16_t port);
  void on_clock_known(std::uint32_t host);
  void on_clock_host_lost(std::uint32_t host);
  std::optional<std::uint32_t> clock_place(std::uint32_t host) const;
  void order_clocks(const ClockTree::Orders& orders);
  bool may_input_begin() const;
  void begin_input();
  void on_input_credit(const bootstrap::InputCredit& credit);
  void on_input_wanted(std::uint32_t rank);
  void tell_source(const InputReaders::Progress& progress);
  void forget_reader(std::uint32_t rank);
  bool hears(std::uint32_t host) const {
    const Machine& machine = *machines_[host];
    return machine.channel && machine.phase != HostPhase::failed && !machine.returning;
  }
  template <class Message>
  void tell(std::uint32_t host, const Message& message) {
    if (hears(host)) machines_[host]->channel->send(message);
  }
  template <class Message>
  void tell_all(const Message& message) {
    for (std::uint32_t host = 0; host < machines_.size(); ++host) tell(host, message);
  }
  // Those that have ranks left.
  template <class Message>
  void tell_living(const Message& message) {
    for (auto& machine : machines_) {
      if (machine->channel && machine->phase != HostPhase::failed &&
          machine->phase != HostPhase::done && !machine->returning) {
        machine->channel->send(message);
      }
    }
  }

  // Going on without some (job_losses.cpp).
  bool goes_on() const {
    return plan_.options.on_failure == core::OnFailure::go_on && stage_ == Stage::running;
  }
  bool go_on_without(std::uint32_t host, const io::RankEnd& end);
  void go_on_without_ranks(const std::vector<std::uint32_t>& hosts,
                           const std::vector<std::uint32_t>& lost, const std::string& sentence);
  void note_loss(const std::string& sentence);
  void tell_loss(const bootstrap::PeerLost& loss);
  void on_peer_suspected(const bootstrap::PeerSuspected& suspected);
  void on_survivors_asked(std::uint32_t host, const bootstrap::SurvivorsAsked& asked);
  void answer_survivors();
  void conclude_losses();

  // Starting ranks again (job_restarts.cpp).
  // With it standard input and the exit status are lost, unless its next start makes up for that.
  bool may_lose(std::uint32_t rank) const {
    return rank != 0 || !restarts_.allowed() || restarts_.has_more(rank);
  }
  void expect_again(std::uint32_t rank);
  void start_again(std::uint32_t host, std::uint32_t rank);
  void on_rank_state(bootstrap::RankState state);
  bool awaits_host(std::uint32_t host) const;
  void try_host_later(std::uint32_t host, std::chrono::milliseconds pause);
  void try_host(std::uint32_t host);
  void fail_return(std::uint32_t host, const std::string& why);
  void set_up_again(std::uint32_t host);
  void resume_host(std::uint32_t host);

  // Ending (job.cpp).
  void on_end(std::uint32_t host, ChannelEnd end) override;
  void lose_host(std::uint32_t host, const std::string& why);
  void lose_hosts(const std::vector<std::uint32_t>& hosts, const std::string& sentence,
                  const std::string& cause);
  // Those that have gone dark (silent_hosts.cpp).
  void watch_hosts();
  bool may_be_dead(std::uint32_t host, bool answers) const;
  void lose_silent_hosts(const std::vector<std::uint32_t>& silent);
  void watch_signals();
  void on_signal(int number);
  void interrupt(int number);
  void stop_with_the_ranks();
  void wake_up();
  void tell_window_size();
  void quit();
  void report_then(const std::string& why, std::function<void()> then);
  void forward(int number);
  std::int32_t terminal_rank() const;  // -1: none
  void reap();
  void on_broken_output(int error);
  void decide(int status, std::string sentence, Culprit culprit = Culprit::prun);
  void end_job(std::chrono::milliseconds grace, int number = SIGTERM);
  void terminate_ranks(std::chrono::milliseconds grace, int number);
  void check_all_done();
  void close_down(std::chrono::milliseconds patience);
  void check_all_closed();
  void write_out();
  void leave();
  bool starting() const { return stage_ == Stage::logins || stage_ == Stage::checks; }
  bool starting(std::uint32_t host) const { return starting() || machines_[host]->returning; }
  std::string name(std::uint32_t host) const { return machines_[host]->host.name; }
  bool forwards_signals() const;
  bool is_for_the_ranks_alone(int number) const;
  void tell_ends();
  void tell_timing();
  void trace(const std::string& text);

  asio::io_context& io_;
  JobPlan plan_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  Stage stage_ = Stage::logins;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::unique_ptr<HostWatch> watch_;         // none with --node-timeout 0
  std::unique_ptr<LoginWatch> login_watch_;  // the same
  ssh::FanOut fan_out_;
  stage::AgentSupply agents_;
  stage::StageOffer offer_;
  std::vector<FileWish> wishes_;  // of hosts for which it is not decided who sends them
  bool wishes_overdue_ = false;
  asio::steady_timer wishes_timer_;
  FileChains chains_;
  std::vector<StartFailure> start_failures_;
  bool choosing_addresses_ = false;
  std::vector<HostWord> notes_;
  std::uint64_t job_id_ = 0;
  std::vector<std::uint32_t> machine_of_rank_;  // index into machines_
  bootstrap::JobKey key_{};

  RankReports reports_;
  std::vector<bool> rank_gone_;  // by process: not there, or not yet
  Restarts restarts_;
  std::vector<bootstrap::PeerLost> told_losses_;      // for hosts that come back
  std::map<std::uint32_t, std::uint16_t> endpoints_;  // by process; likewise
  Losses losses_;
  SurvivorRounds survivor_rounds_;
  bool ranks_have_joined_ = false;  // some of them, with the library
  std::vector<io::RankEnd> ends_;   // in the order they came, for --print-all-exitcodes
  std::vector<bootstrap::RankEndpoint> new_endpoints_;
  asio::steady_timer endpoint_timer_;
  std::vector<std::uint32_t> clock_hosts_;  // index into machines_; empty until the clock is wanted
  ClockTree clock_tree_;
  RankOutput output_;
  spdlog::logger log_;
  TransferProgress progress_;
  StatusLine status_line_;
  InputReaders input_readers_;
  std::unique_ptr<io::InputSource> input_;
  io::RawTerminal raw_terminal_;
  hang::HangWatch hang_;

  asio::signal_set signals_;
  asio::signal_set children_;
  asio::steady_timer job_timer_;
  asio::steady_timer end_timer_;
  asio::steady_timer stop_timer_;
  asio::steady_timer status_timer_;
  std::optional<int> status_;
  std::string sentence_;
  bool interrupted_ = false;
  bool quitting_ = false;  // the report comes first
};

}  // namespace prun::job
