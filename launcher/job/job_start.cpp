// From the first login to the order to start.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <asio/ip/address.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <random>
#include <utility>

#include "launcher/cli/environment.hpp"
#include "launcher/cli/exit_status.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/port_room.hpp"
#include "launcher/job/program_setup.hpp"
#include "launcher/ssh/ssh_command.hpp"
#include "launcher/ssh/ssh_failure.hpp"
#include "runtime/security/random.hpp"

namespace prun::job {
namespace {

constexpr unsigned most_tries = 3;
// Before a board that may be booting is asked once more.
constexpr std::chrono::milliseconds pause_for_booting{1000};
// A kept connection brings an answer in a round trip and the start of a shell.
constexpr std::chrono::milliseconds master_patience{3000};
// For hosts that still look what they lack, while others know; those then pass on without them.
constexpr std::chrono::milliseconds patience_for_wishes{500};
// ssh's own limit is the same --start-timeout; this much later it must have told us in its own
// words.
constexpr std::chrono::milliseconds after_ssh{1000};

bool is_same_machine(const hosts::Host& a, const hosts::Host& b) {
  return a.name == b.name && a.user == b.user && a.port == b.port;
}

std::string with_words(const std::string& text, const std::string& words) {
  const std::string said = ssh::said_in_one_line(words);
  return said.empty() ? text : text + " (" + said + ")";
}

std::string unknown_machine_words(const std::string& machine, const JobPlan& plan) {
  std::vector<std::string> wanted;
  for (const auto architecture : stage::architectures_for(machine))
    wanted.push_back(fmt::format("prun-agent-{}", architecture));
  std::vector<std::string> there;
  for (const auto& agent : plan.agents) there.push_back(agent.architecture);
  const std::string folders = fmt::format("{}", fmt::join(plan.agent_folders, " or "));
  if (wanted.empty()) {
    return fmt::format("its processor is {}, and prun has no agent for that; in {} there is {}",
                       machine, folders, fmt::join(there, ", "));
  }
  return fmt::format(
      "its processor is {}, and prun has no agent for that: no {} in {}, where there is {}; "
      "build it: cmake --preset agent-{}",
      machine, fmt::join(wanted, " or "), folders,
      there.empty() ? std::string("none") : fmt::format("{}", fmt::join(there, ", ")),
      stage::architectures_for(machine).front());
}

}  // namespace

void Job::begin_logins() {
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    if (machines_[host]->local) {
      log_in(host);
      continue;
    }
    fan_out_.enter([this, host] {
      machines_[host]->in_window = true;
      log_in(host);
    });
  }
}

void Job::log_in(std::uint32_t host) {
  Machine& machine = *machines_[host];
  machine.phase = HostPhase::waiting;
  ++machine.tries;
  HostListener& listener = *this;
  machine.channel = std::make_unique<HostChannel>(io_, listener, host);
  const auto opened = machine.local ? machine.channel->open({plan_.own_path, "agent", "--local"},
                                                            SIGTERM, plan_.descriptor_limit)
                                    : open_login(host);
  if (!opened.ok()) {
    machine.channel.reset();
    // Told from the event loop: whoever called us may be in the middle of a list of hosts.
    asio::post(io_, [this, host, text = opened.failure().text] { fail_host(host, 125, text); });
    return;
  }
  if (login_watch_ && !machine.local && machine.channel->pid() != 0)
    login_watch_->begin(host, machine.channel->pid());
  move(host, HostEvent::login_begun);
}

core::Status Job::open_login(std::uint32_t host) {
  Machine& machine = *machines_[host];
  machine.request.name = fmt::format("{:016x}", security::random_u64());
  ssh::SshOptions options{plan_.options.ssh_program, plan_.options.ssh_arguments,
                          plan_.options.start_timeout};
  options.avoids_masters = machine.avoids_masters;
  options.alive_interval = ssh::alive_interval_for(plan_.options.node_timeout);
  hosts::Host reached = machine.host;
  if (machine.tries_local) reached.name += ".local";
  if (!machine.avoids_masters) {
    options.kept = plan_.kept_connections.prepare(reached, options.program, options.arguments,
                                                  options.alive_interval);
  }
  machine.used_socket.clear();
  if (options.kept && ::access(options.kept->socket.c_str(), F_OK) == 0) {
    // A host that was switched off leaves a master here that still believes in it.
    machine.used_socket = options.kept->socket;
    machine.master_patience.expires_after(master_patience);
    machine.master_patience.async_wait([this, host](asio::error_code error) {
      if (error || machines_[host]->phase != HostPhase::connecting) return;
      machines_[host]->asks_master = false;
      machines_[host]->channel->kill();
    });
  }
  const std::string command = ssh::remote_command(machine.request);
  // What the user adds to the command line is for ssh to understand.
  if (!machine.used_socket.empty() && machine.asks_master && options.arguments.empty()) {
    const auto asked = machine.channel->open_session(machine.used_socket, command);
    if (asked.ok()) return core::Done{};
    trace(fmt::format("{}: its kept connection: {}", name(host), asked.failure().text));
  }
  return machine.channel->open(ssh::ssh_command(reached, options, command), SIGKILL,
                               plan_.descriptor_limit);
}

// A login by a kept connection that did not get through says nothing about the host: another is tried
// without.
bool Job::avoids_kept_connection(std::uint32_t host) {
  Machine& machine = *machines_[host];
  if (machine.used_socket.empty()) return false;
  ::unlink(machine.used_socket.c_str());
  machine.used_socket.clear();
  machine.avoids_masters = true;
  log_in_again(host, "the kept connection does not answer", std::chrono::milliseconds(0));
  return true;
}

void Job::leave_window(Machine& machine) {
  if (std::exchange(machine.in_window, false)) fan_out_.leave();
}

void Job::on_shell(std::uint32_t host, const std::string& path) {
  trace(fmt::format("{}: starts {}", name(host), path));
  move(host, HostEvent::shell_seen);
}

void Job::on_need(std::uint32_t host, const std::string& agent) {
  const auto bytes = agents_.find(agent);
  if (!bytes) {
    fail_host(
        host, 125,
        fmt::format("it asks for the agent {}, which is not here (any more): try again", agent));
    return;
  }
  trace(fmt::format("{}: needs the agent {}, {} bytes", name(host), agent, bytes->size()));
  if (move(host, HostEvent::agent_needed)) machines_[host]->channel->supply(bytes);
}

// While the logins are on their way, so that reading the files costs no time of the start.
void Job::make_offer() {
  const bool any_remote = std::any_of(machines_.begin(), machines_.end(),
                                      [](const auto& machine) { return !machine->local; });
  if (!any_remote) return;
  std::vector<stage::Command> commands;
  for (const auto& program : plan_.options.programs) {
    const auto choice = choice_of(program, plan_);
    std::vector<std::string> files;
    if (choice.depends_on_processor()) {
      for (const auto& [of, file] : choice.files_here()) files.push_back(file);
      // Without any it is no program of this folder, and what is typed is no file either.
      if (files.empty()) files.push_back(program.command.front());
    }
    commands.push_back({program.command, directory_of(program, plan_),
                        plan_.options.tune || plan_.options.sends_own_tool, std::move(files)});
  }
  auto offer = stage::make_offer(commands, plan_.options.staged_files, plan_.directory,
                                 plan_.options.stage_mode);
  if (offer.ok()) {
    offer_ = std::move(offer).value();
    return;
  }
  decide(cli::exit_own_failure, offer.failure().text);
  close_down(std::chrono::milliseconds(1000));
}

void Job::on_want(std::uint32_t host, const stage::StageWant& want) {
  for (const auto file : want.files) {
    if (file >= offer_.files.size())
      return fail_host(host, 125,
                       fmt::format("its agent wants file {}, which was not offered", file));
    trace(fmt::format("{}: lacks {}, {} bytes", name(host), offer_.files[file].name,
                      offer_.files[file].content.bytes));
  }
  Machine& machine = *machines_[host];
  if (!move(host, HostEvent::files_wanted)) {
    // What another host was to give it.
    chains_.cut_before(host);
    trace(fmt::format("{}: is sent the rest from here", name(host)));
    return begin_files(host, want.files);
  }
  for (const auto file : want.files) machine.wanted_bytes += offer_.files[file].content.bytes;
  if (machine.wanted_bytes < stage::least_passed_on_bytes || machine.returning) {
    begin_files(host, want.files);
  } else {
    wishes_.push_back({host, want.files, want.port});
  }
  arrange_chains();
}

void Job::begin_files(std::uint32_t host, const std::vector<std::uint32_t>& files) {
  Machine& machine = *machines_[host];
  machine.files = std::make_unique<FileSender>(offer_, files);
  machine.channel->when_sent([this, host] { send_files(host); });
  send_files(host);
}

// Once all have said what they want. A host that has much to look through is not waited for long.
void Job::arrange_chains() {
  if (wishes_.empty()) return;
  const bool any_missing = std::any_of(machines_.begin(), machines_.end(), [](const auto& machine) {
    return machine->phase == HostPhase::checking;
  });
  if (any_missing && !wishes_overdue_) {
    if (wishes_.size() > 1) return;
    wishes_timer_.expires_after(patience_for_wishes);
    wishes_timer_.async_wait([this](asio::error_code error) {
      if (error) return;
      wishes_overdue_ = true;
      arrange_chains();
    });
    return;
  }
  std::sort(wishes_.begin(), wishes_.end(),
            [](const FileWish& a, const FileWish& b) { return a.host < b.host; });
  for (const auto& chain : chains_of(std::exchange(wishes_, {}))) send_to_chain(chain);
}

void Job::send_to_chain(const std::vector<FileWish>& chain) {
  chains_.add(chain);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    trace(
        fmt::format("{}: passes the files on to {}", name(chain[i].host), name(chain[i + 1].host)));
    machines_[chain[i].host]->channel->send(
        stage::StagePassOn{index_in_map(chain[i + 1].host), chain[i + 1].port});
  }
  begin_files(chain.front().host, chain.front().files);
}

// The next host has to get from here what it has not got.
void Job::end_chain_behind(std::uint32_t host) {
  const auto next = chains_.cut_behind(host);
  if (!next || machines_[*next]->phase != HostPhase::staging) return;
  machines_[*next]->channel->send(stage::StageSourceLost{});
}

void Job::on_unpassed(std::uint32_t host, const stage::StageUnpassed& unpassed) {
  if (const auto next = chains_.next_of(host)) {
    trace(fmt::format("{}: cannot pass files on to {}: {}", name(host), name(*next),
                      ssh::said_in_one_line(unpassed.why)));
  }
  end_chain_behind(host);
}

void Job::on_progress(std::uint32_t host, const stage::StageProgress& progress) {
  const Machine& machine = *machines_[host];
  progress_.moved(name(host), std::min(progress.bytes, machine.wanted_bytes), machine.wanted_bytes,
                  std::chrono::steady_clock::now());
  arm_deadline(host);
}

// As setup_for numbers them.
std::uint32_t Job::index_in_map(std::uint32_t host) const {
  return static_cast<std::uint32_t>(
      std::count_if(machines_.begin(), machines_.begin() + host,
                    [](const auto& machine) { return !machine->ranks.empty(); }));
}

void Job::send_files(std::uint32_t host) {
  Machine& machine = *machines_[host];
  if (machine.phase != HostPhase::staging) return;
  const auto pieces = machine.files->next();
  if (!pieces.ok()) return fail_host(host, 125, pieces.failure().text);
  progress_.moved(name(host), machine.files->sent(), machine.files->bytes(),
                  std::chrono::steady_clock::now());
  for (const auto& piece : pieces.value()) machine.channel->send(piece);
  arm_deadline(host);
}

// As long as something moves, a slow link is no failure.
void Job::on_supplied(std::uint32_t host) {
  arm_deadline(host);
}

void Job::on_hello(std::uint32_t host, const bootstrap::ControlFrame& frame) {
  Machine& machine = *machines_[host];
  // Protocol and version stand first and are read alone: the rest may be of another make.
  wire::Reader in(frame.body);
  const std::uint16_t protocol = in.u16();
  const std::string version = in.string(wire::max_string_bytes);
  if (in.ok() && protocol != wire::control_protocol_version) {
    fail_host(
        host, 125,
        fmt::format(
            "its prun is version {} and does not understand this one; install the same on both",
            version));
    return;
  }
  auto hello = bootstrap::decode_frame<bootstrap::AgentHello>(frame);
  if (!hello.ok()) {
    fail_host(host, 125, "its agent cannot be understood: " + hello.failure().text);
    return;
  }
  // They are handed on to ranks, which would wait for one they cannot read.
  for (const auto& address : {hello.value().client_address, hello.value().server_address}) {
    asio::error_code none;
    asio::ip::make_address(address, none);
    if (none && !address.empty())
      return fail_host(host, 125, "its agent says that it was reached at what is no address");
  }
  machine.hello = std::move(hello).value();
  trace(fmt::format(
      "{}: agent {} on {} ({}, {} cores), reached at {}", name(host), machine.hello.version,
      machine.hello.host_name, machine.hello.machine, machine.hello.cores,
      machine.hello.server_address.empty() ? "this machine" : machine.hello.server_address));
  if (machine.tries_local) {
    notes_.push_back({host, "its name has no address here, " + name(host) + ".local has"});
  }
  move(host, HostEvent::hello_received);
  if (watch_ && !machine.local) {
    auto order = watch_->begin(host);
    order.ports = plan_.options.ports;
    machine.channel->send(order);
  }
  leave_window(machine);
  if (machine.returning) return set_up_again(host);
  machine.reached_at = machine.hello.server_address;
  check_stage();
}

void Job::on_ready(std::uint32_t host, const bootstrap::AgentReady& ready) {
  for (const auto& note : ready.notes) notes_.push_back({host, note});
  machines_[host]->files.reset();
  progress_.over(name(host));
  move(host, HostEvent::ready_received);
  if (machines_[host]->returning) return resume_host(host);
  arrange_chains();
  check_stage();
}

void Job::on_problem(std::uint32_t host, const bootstrap::AgentProblem& problem) {
  if (starting(host)) {
    fail_host(host, problem.exit_status, problem.text + files_missing_for(host));
    return;
  }
  Machine& machine = *machines_[host];
  decide(problem.exit_status, fmt::format("{}: {}", name(host), problem.text));
  // Those that were not started will never be done.
  machine.ranks.resize(std::min(machine.ranks.size(), machine.started));
  if (machine.done == machine.ranks.size()) move(host, HostEvent::all_done);
  end_job(std::chrono::milliseconds(500));
  check_all_done();
}

// What the user may have forgotten to build, where a host cannot run its program.
std::string Job::files_missing_for(std::uint32_t host) const {
  const Machine& machine = *machines_[host];
  std::string words;
  for (std::size_t i = 0; i < plan_.options.programs.size(); ++i) {
    const bool runs_there =
        std::any_of(machine.ranks.begin(), machine.ranks.end(),
                    [&](std::uint32_t rank) { return plan_.program_of_rank[rank] == i; });
    if (!runs_there) continue;
    const auto missing = missing_for(plan_.options.programs[i], plan_, machine.hello.machine);
    if (!missing.empty()) words += "; " + missing;
  }
  return words;
}

bool Job::move(std::uint32_t host, HostEvent event) {
  Machine& machine = *machines_[host];
  const auto next = next_phase(machine.phase, event);
  if (!next) return false;
  machine.phase = *next;
  machine.times.enter(*next, std::chrono::steady_clock::now());
  trace(fmt::format("{}: {}", name(host), to_string(*next)));
  arm_deadline(host);
  return true;
}

void Job::arm_deadline(std::uint32_t host) {
  Machine& machine = *machines_[host];
  machine.deadline.cancel();
  if (!has_deadline(machine.phase)) return;
  auto limit = plan_.options.start_timeout;
  if (machine.phase == HostPhase::connecting) limit += after_ssh;
  machine.deadline.expires_after(limit);
  machine.deadline.async_wait([this, host, phase = machine.phase](asio::error_code error) {
    Machine& late = *machines_[host];
    if (error || late.phase != phase) return;
    const double seconds = std::chrono::duration<double>(plan_.options.start_timeout).count();
    const std::string text =
        fmt::format("{} within {} s (--start-timeout)", overdue_words(phase), seconds);
    give_up(host, text);
  });
}

void Job::give_up(std::uint32_t host, const std::string& why) {
  Machine& machine = *machines_[host];
  if (stage_ == Stage::logins && may_wait_for_hosts()) {
    machine.overdue = why;
    machine.channel->kill();  // its end brings the next attempt
  } else if (starting(host)) {
    fail_host(host, 125, why);
  } else {
    lose_host(host, why);
  }
}

void Job::fail_host(std::uint32_t host, std::uint8_t status, std::string text) {
  Machine& machine = *machines_[host];
  if (machine.returning) return fail_return(host, text);
  if (machine.phase == HostPhase::failed) return;
  trace(fmt::format("{}: failed while {}: {}", name(host), to_string(machine.phase), text));
  machine.phase = HostPhase::failed;
  machine.times.end(std::chrono::steady_clock::now());
  machine.deadline.cancel();
  progress_.over(name(host));
  if (machine.channel) machine.channel->kill();
  start_failures_.push_back({{host, std::move(text)}, status});
  leave_window(machine);
  std::erase_if(wishes_, [host](const FileWish& wish) { return wish.host == host; });
  end_chain_behind(host);
  arrange_chains();
  check_stage();
}

void Job::on_failed_login(std::uint32_t host, const ChannelEnd& end) {
  Machine& machine = *machines_[host];
  machine.master_patience.cancel();
  if (!end.unstarted.empty()) return fail_host(host, 125, end.unstarted);
  const std::string overdue = std::exchange(machine.overdue, {});
  if (end.refused && std::exchange(machine.asks_master, false)) {
    return log_in_again(host, "the kept connection gives no session", std::chrono::milliseconds(0));
  }
  if (!end.shell_seen && !end.agent_was_there && avoids_kept_connection(host)) return;
  if (!overdue.empty()) {
    if (!may_wait_for_hosts()) return fail_host(host, 125, overdue);
    return log_in_again(host, overdue, pause_for_booting);
  }
  using State = ssh::LoginReply::State;
  switch (end.reply) {
    case State::unknown_machine:
      return fail_host(host, 125, unknown_machine_words(end.reply_detail, plan_));
    case State::no_room:
      return fail_host(
          host, 125,
          fmt::format("no folder there can take prun's agent: full, read-only or without leave "
                      "to execute ({}); see there: df -h",
                      end.reply_detail));
    case State::unsent:
      if (asks_again(host, end)) return;
      return fail_host(
          host, 125,
          with_words(fmt::format("prun's agent has not arrived there whole ({})", end.reply_detail),
                     end.words));
    case State::other_version:
      return fail_host(host, 125,
                       fmt::format("its prun is of another make ({}); install the same on both",
                                   end.reply_detail));
    case State::too_much_noise:
      return fail_host(host, 125,
                       "its login shell prints without end before prun's agent can speak; see its "
                       ".bashrc or .profile");
    case State::waiting:
    case State::greeted:
      break;
  }
  if (!end.agent_was_there && asks_again(host, end)) return;
  if (end.agent_was_there || end.shell_seen) {
    return fail_host(host, 125, with_words("its agent has left", end.broken + "\n" + end.words));
  }
  const bool is_ssh_failure =
      end.exited && WIFEXITED(end.wait_status) && WEXITSTATUS(end.wait_status) == 255;
  if (machine.local || !is_ssh_failure) {
    return fail_host(host, 125,
                     with_words(machine.local ? "the agent on this machine ended at once"
                                              : "the login ended before prun's agent was there",
                                end.words + "\n" + end.noise));
  }
  auto failure = ssh::explain_ssh_failure(machine.host, end.words);
  if (failure.cause == ssh::SshCause::unknown_name && ssh::may_be_local_name(machine.host.name)) {
    if (!std::exchange(machine.tries_local, true)) {
      return log_in_again(host,
                          "no address is known for it; " + machine.host.name + ".local may be",
                          std::chrono::milliseconds(0));
    }
    machine.tries_local = false;  // boards that boot may appear under either
  }
  if (failure.may_be_booting && may_wait_for_hosts()) {
    return log_in_again(host, failure.text, pause_for_booting);
  }
  if (!failure.try_again || machine.tries >= most_tries) return fail_host(host, 125, failure.text);
  std::minstd_rand random(std::random_device{}());
  log_in_again(host, failure.text, std::chrono::milliseconds(machine.tries * 200 + random() % 400));
}

// Boards that are still booting get as much time as --wait-hosts says.
bool Job::may_wait_for_hosts() const {
  const auto& limit = plan_.options.wait_hosts;
  return limit && std::chrono::steady_clock::now() - begun_ < *limit;
}

void Job::log_in_again(std::uint32_t host, const std::string& why,
                       std::chrono::milliseconds pause) {
  Machine& machine = *machines_[host];
  trace(fmt::format("{}: {}; tries again", name(host), why));
  leave_window(machine);
  machine.phase = HostPhase::waiting;
  machine.retry.expires_after(pause);
  machine.retry.async_wait([this, host](asio::error_code error) {
    if (error) return;
    fan_out_.enter([this, host] {
      machines_[host]->in_window = true;
      log_in(host);
    });
  });
}

// An agent that was in the cache folder and does not run may have been damaged there: another one is
// sent, once. One that was sent and does not run had no room or must not be executed there: it is
// put elsewhere, once.
bool Job::asks_again(std::uint32_t host, const ChannelEnd& end) {
  auto& request = machines_[host]->request;
  if (!end.shell_seen) return false;
  bool& tried = end.agent_needed ? request.elsewhere : request.afresh;
  if (std::exchange(tried, true)) return false;
  log_in_again(host, "its agent has not started", std::chrono::milliseconds(0));
  return true;
}

// Where the job may begin without some of its hosts: leaves out those that have failed and places
// the ranks anew. False if too few are left.
bool Job::settle_hosts() {
  if (!plan_.options.min_hosts) return start_failures_.empty();
  const auto is_alive = [this](const hosts::Host& host) {
    return std::any_of(machines_.begin(), machines_.end(), [&](const auto& machine) {
      return machine->phase != HostPhase::failed && is_same_machine(machine->host, host);
    });
  };
  const auto alive = std::count_if(machines_.begin(), machines_.end(), [](const auto& machine) {
    return machine->phase != HostPhase::failed;
  });
  if (alive < static_cast<std::ptrdiff_t>(*plan_.options.min_hosts)) {
    decide(125, fmt::format("{} of {} hosts can be used, and {} are needed (--min-hosts)", alive,
                            machines_.size(), *plan_.options.min_hosts));
    return false;
  }
  if (!start_failures_.empty()) {
    auto programs = plan_.placed_programs;
    for (auto& program : programs) {
      const bool named = !program.hosts.empty();
      std::erase_if(program.hosts, [&](const auto& host) { return !is_alive(host); });
      if (!named || !program.hosts.empty()) continue;
      decide(125, "a program of the job has lost all of its hosts");
      return false;
    }
    const auto placed = hosts::place(programs, plan_.rules);
    if (!placed) {
      decide(125, placed.failure().text);
      return false;
    }
    std::vector<std::uint32_t> machine_of_rank;
    for (const auto index : placed.value().host_of_rank) {
      const auto& host = placed.value().hosts[index];
      const auto machine = std::find_if(machines_.begin(), machines_.end(), [&](const auto& one) {
        return is_same_machine(one->host, host);
      });
      machine_of_rank.push_back(static_cast<std::uint32_t>(machine - machines_.begin()));
    }
    plan_.program_of_rank = placed.value().program_of_rank;
    assign_ranks(machine_of_rank);
    for (auto& failure : start_failures_) {
      failure.word.text = "left out: " + failure.word.text;
      notes_.push_back(std::move(failure.word));
    }
    start_failures_.clear();
    const auto crowded = too_few_ports(plan_.options.ports, plan_.hosts, machine_of_rank_);
    if (!crowded.empty()) {
      decide(125, crowded);
      return false;
    }
  }
  dismiss_spare_hosts();
  return true;
}

// They were asked in case others would not answer.
void Job::dismiss_spare_hosts() {
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    Machine& machine = *machines_[host];
    if (machine.phase == HostPhase::failed || !machine.ranks.empty()) continue;
    trace(fmt::format("{}: not needed", name(host)));
    machine.phase = HostPhase::done;
    if (machine.channel) machine.channel->send(bootstrap::Shutdown{});
  }
}

// Goes on when every host has come as far as the others or has failed.
void Job::check_stage() {
  const auto all = [this](HostPhase phase) {
    return std::all_of(machines_.begin(), machines_.end(), [phase](const auto& machine) {
      return machine->phase == phase || machine->phase == HostPhase::failed ||
             machine->phase == HostPhase::done;
    });
  };
  if (choosing_addresses_) return;  // whoever fails by that is looked at below
  if (stage_ == Stage::logins && all(HostPhase::agent_up)) {
    choose_addresses();
    // Where a host has failed the others are looked at too: the user is told all that is wrong.
    const bool settled = settle_hosts();
    if (!settled && plan_.options.min_hosts) return tell_start_failures();
    stage_ = Stage::checks;
    send_setups();
  }
  if (stage_ == Stage::checks && all(HostPhase::ready)) {
    if (start_failures_.empty()) {
      if (plan_.options.checks_only) {
        tell_notes();
        return close_down(std::chrono::milliseconds(5000));
      }
      const auto prepared = prepare_output();
      if (!prepared) {
        decide(125, prepared.failure().text);
        return close_down(std::chrono::milliseconds(5000));
      }
      send_starts();
    } else {
      tell_start_failures();
    }
  }
}

void Job::send_setups() {
  tell_addresses();
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    if (machines_[host]->phase != HostPhase::agent_up) continue;
    if (!machines_[host]->local && !offer_.files.empty())
      machines_[host]->channel->send(offer_for(offer_, plan_, machines_[host]->hello.machine));
    machines_[host]->channel->send(setup_for(host));
    move(host, HostEvent::setup_sent);
  }
}

// The job as its ranks see it holds only hosts that have any.
bootstrap::JobSetup Job::setup_for(std::uint32_t host) {
  std::vector<HostReach> reaches;
  std::vector<std::uint32_t> index_of(machines_.size(), 0);
  bootstrap::JobSetup setup;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    const auto& machine = machines_[i];
    if (machine->ranks.empty()) continue;
    index_of[i] = static_cast<std::uint32_t>(reaches.size());
    reaches.push_back({machine->local, machine->hello.client_address, machine->hello.server_address,
                       machine->data_address});
    setup.map.hosts.push_back({machine->host.name, {}});
  }
  auto addresses = addresses_for(index_of[host], reaches);
  for (std::size_t i = 0; i < reaches.size(); ++i)
    setup.map.hosts[i].data_address = addresses.of_host[i];
  setup.map.job_id = job_id_;
  for (const auto machine : machine_of_rank_) setup.map.host_of_rank.push_back(index_of[machine]);
  setup.map.restarts = plan_.options.restarts;
  setup.key = key_;
  setup.host_index = index_of[host];
  setup.bind_address = addresses.bind_address;
  const Machine& machine = *machines_[host];
  utsname own{};
  ::uname(&own);
  const auto site = machine.local                          ? cli::RankSite::here
                    : machine.hello.machine == own.machine ? cli::RankSite::same_machine
                                                           : cli::RankSite::other_machine;
  for (const auto& program : plan_.options.programs)
    setup.programs.push_back(program_for(program, plan_, site, machine.hello.machine));
  setup.program_of_rank = plan_.program_of_rank;
  setup.input_rank = plan_.options.input == cli::InputFor::all ? bootstrap::JobSetup::input_for_all
                     : plan_.options.input == cli::InputFor::none
                         ? bootstrap::JobSetup::no_input
                         : static_cast<std::int32_t>(plan_.options.input_rank);
  setup.compression = plan_.options.compression;
  setup.encrypt = plan_.options.encrypt;
  setup.ports = plan_.options.ports;
  setup.on_failure = plan_.options.on_failure;
  setup.terminal_rank = terminal_rank();
  if (const auto size = io::window_size()) {
    setup.terminal_rows = size->rows;
    setup.terminal_columns = size->columns;
  }
  return setup;
}

void Job::note_oversubscription() {
  if (!plan_.options.tells_oversubscription) return;
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    const auto ranks = machines_[host]->ranks.size();
    const auto cores = machines_[host]->hello.cores;
    if (ranks <= cores) continue;
    notes_.push_back(
        {host, fmt::format("{} ranks share {} (--oversubscribe hides this note)", ranks,
                           cores == 1 ? "one core" : fmt::format("{} cores", cores))});
  }
}

void Job::send_starts() {
  status_line_.clear();
  status_timer_.cancel();
  note_oversubscription();
  tell_notes();
  stage_ = Stage::running;
  std::vector<hang::HangWatch::Place> places;
  for (const std::uint32_t host : machine_of_rank_)
    places.push_back({host, machines_.size() > 1 ? name(host) : std::string()});
  hang_.begin(std::move(places));
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    if (login_watch_) login_watch_->forget(host);
    if (machines_[host]->phase != HostPhase::ready) continue;
    machines_[host]->channel->send(bootstrap::Start{});
    move(host, HostEvent::start_sent);
  }
}

// A line for each text, with all the hosts that say it, in the order the user named the hosts.
void Job::tell_by_host(std::vector<HostWord> words) {
  std::stable_sort(words.begin(), words.end(),
                   [](const HostWord& a, const HostWord& b) { return a.host < b.host; });
  std::vector<std::pair<std::string, std::string>> lines;  // hosts, text
  for (const HostWord& word : words) {
    const auto same = std::find_if(lines.begin(), lines.end(),
                                   [&](const auto& line) { return line.second == word.text; });
    if (same != lines.end()) {
      same->first += ", " + name(word.host);
    } else {
      lines.emplace_back(name(word.host), word.text);
    }
  }
  for (const auto& [hosts, text] : lines) output_.own_line(hosts + ": " + text);
}

void Job::tell_start_failures() {
  status_line_.clear();
  std::vector<HostWord> words;
  for (const auto& failure : start_failures_) words.push_back(failure.word);
  tell_by_host(std::move(words));
  if (start_failures_.empty()) return close_down(std::chrono::milliseconds(5000));
  // The program's own status only if nothing else was wrong.
  const auto first = start_failures_.front().status;
  const bool same = std::all_of(start_failures_.begin(), start_failures_.end(),
                                [first](const auto& failure) { return failure.status == first; });
  decide(same ? first : 125, machines_.size() > 1 ? "nothing was started on any host" : "");
  close_down(std::chrono::milliseconds(5000));
}

void Job::tell_notes() {
  if (plan_.options.verbosity >= 0) tell_by_host(notes_);
}

}  // namespace prun::job
