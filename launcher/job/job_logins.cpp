// One login for each host, again where that may help, until its agent has said who it is.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>
#include <asio/ip/address.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <random>
#include <utility>

#include "launcher/cli/exit_status.hpp"
#include "launcher/job/job.hpp"
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
// ssh's own limit is the same --start-timeout; this much later it must have told us in its own
// words.
constexpr std::chrono::milliseconds after_ssh{1000};

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

}  // namespace prun::job
