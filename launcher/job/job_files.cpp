// What hosts lack of programs and files, and by which way it comes to them.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launcher/cli/exit_status.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/program_setup.hpp"
#include "launcher/ssh/ssh_failure.hpp"

namespace prun::job {
namespace {

// For hosts that still look what they lack, while others know; those then pass on without them.
constexpr std::chrono::milliseconds patience_for_wishes{500};

}  // namespace

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

}  // namespace prun::job
