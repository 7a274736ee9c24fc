// Once all hosts have answered: who takes part, what they are told, the order to start; and what failed until then.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "launcher/cli/environment.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/port_room.hpp"
#include "launcher/job/program_setup.hpp"

namespace prun::job {
namespace {

bool is_same_machine(const hosts::Host& a, const hosts::Host& b) {
  return a.name == b.name && a.user == b.user && a.port == b.port;
}

}  // namespace

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
