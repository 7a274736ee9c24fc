// The ranks of the agent's host: their start, what they say, their end.
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "launcher/agent/agent.hpp"
#include "launcher/system/environment.hpp"
#include "launcher/system/processors.hpp"
#include "runtime/bootstrap/shared_segment.hpp"

namespace prun::agent {
namespace {

using bootstrap::ControlFrame;
using bootstrap::ControlKind;
using bootstrap::RankPhase;

}  // namespace

void Agent::make_shared_memory(std::vector<std::string>& notes) {
  if (ranks_.size() < 2) return;
  for (const auto& [number, rank] : ranks_) {
    const auto environment =
        program_environment(environment_, setup_->programs[setup_->program_of_rank[number]]);
    const char* wish = system::find_variable(environment, "PRUN_SHM");
    if (wish != nullptr && std::string_view(wish) == "off") return;
  }
  const auto made =
      bootstrap::make_shared_segment(setup_->map.job_id, static_cast<std::uint32_t>(ranks_.size()));
  if (made.ok()) {
    shared_memory_.reset(made.value());
  } else {
    notes.push_back("its ranks talk over TCP for want of shared memory: " + made.failure().text);
  }
}

void Agent::start_ranks() {
  if (!ready_ || started_) return;
  started_ = true;
  make_clock_page();
  std::uint32_t local_rank = 0;
  for (auto& [number, rank] : ranks_) {
    const auto started = start_rank(*rank, local_rank++);
    if (!started.ok()) {
      launcher_->send(bootstrap::AgentProblem{
          126, "rank " + std::to_string(number) + ": " + started.failure().text});
      return;
    }
    launcher_->send(bootstrap::RankStarted{number, static_cast<std::uint32_t>(rank->pid())});
  }
}

// Each rank the next core; where there are more ranks they share.
std::vector<int> Agent::core_for(std::uint32_t local_rank) {
  if (cores_.empty()) cores_ = system::processors_by_core();
  return cores_.empty() ? std::vector<int>() : cores_[local_rank % cores_.size()];
}

core::Status Agent::start_rank(RankProcess& rank, std::uint32_t local_rank) {
  const std::uint32_t program = setup_->program_of_rank[rank.rank()];
  std::vector<int> cores;
  std::optional<winsize> terminal;
  // What was typed for a rank went to its first process, and so did its place in the memory of the host.
  const bool first = rank.incarnation() == 0;
  if (first && setup_->terminal_rank == static_cast<std::int32_t>(rank.rank()))
    terminal = winsize{setup_->terminal_rows, setup_->terminal_columns, 0, 0};
  if (setup_->programs[program].binding == bootstrap::Binding::core) cores = core_for(local_rank);
  return rank.start(
      {.program = setup_->programs[program],
       .runnable = runnables_[program],
       .base_environment = environment_,
       .place = {.rank = rank.rank(),
                 .size = setup_->map.size(),
                 .local_rank = local_rank,
                 .host = setup_->map.hosts[setup_->host_index].name,
                 .incarnation = rank.incarnation()},
       .cores = std::move(cores),
       .wants_input = first && (setup_->input_rank == bootstrap::JobSetup::input_for_all ||
                                setup_->input_rank == static_cast<std::int32_t>(rank.rank())),
       .terminal = terminal,
       .descriptor_limit = descriptor_limit_,
       .shared_memory = first ? shared_memory_.get() : -1,
       .clock = clock_page_ ? clock_page_->descriptor() : -1});
}

void Agent::on_rank_output(std::uint32_t rank, std::uint8_t stream,
                           std::span<const std::byte> data) {
  launcher_->send(bootstrap::RankOutput{rank, stream, {data.begin(), data.end()}});
}

void Agent::on_rank_input(std::uint32_t rank, std::uint32_t bytes, bool closed) {
  launcher_->send(bootstrap::InputCredit{rank, bytes, closed});
}

void Agent::on_rank_done(std::uint32_t rank) {
  launcher_->send(bootstrap::RankDone{rank});
}

void Agent::on_rank_garbage(RankProcess& rank, const std::string& why) {
  reject(rank, why);
}

// What a rank says of itself, for the launcher.
template <class Message>
void Agent::pass_up(RankProcess& rank, const ControlFrame& frame) {
  const auto message = bootstrap::decode_frame<Message>(frame);
  if (!message.ok()) return reject(rank, message.failure().text);
  if (message.value().rank != process_of(rank)) return reject(rank, "it speaks for another rank");
  launcher_->send(message.value());
}

void Agent::on_rank_frame(RankProcess& rank, const ControlFrame& frame) {
  switch (frame.kind) {
    case ControlKind::rank_hello:
      welcome(rank, frame);
      return;
    case ControlKind::clock_wanted:
      return clock_wanted(rank);
    case ControlKind::rank_endpoint:
      if (std::exchange(rank.announced, true)) return reject(rank, "it has said where it listens");
      return pass_up<bootstrap::RankEndpoint>(rank, frame);
    case ControlKind::rank_aborting:
      return pass_up<bootstrap::RankAborting>(rank, frame);
    case ControlKind::peer_suspected:
      return pass_up<bootstrap::PeerSuspected>(rank, frame);
    case ControlKind::survivors_asked:
      return pass_up<bootstrap::SurvivorsAsked>(rank, frame);
    case ControlKind::rank_stillness:
      return pass_up<bootstrap::RankStillness>(rank, frame);
    case ControlKind::rank_state: {
      const auto state = bootstrap::decode_frame<bootstrap::RankState>(frame);
      if (!state.ok()) return reject(rank, state.failure().text);
      if (state.value().rank != process_of(rank)) return reject(rank, "it speaks for another rank");
      launcher_->send(state.value());
      states_.answered(rank.rank(), state.value().number);
      return;
    }
    case ControlKind::rank_finalized: {
      const auto finalized = bootstrap::decode_frame<bootstrap::RankFinalized>(frame);
      if (!finalized.ok()) return reject(rank, finalized.failure().text);
      if (rank.phase == RankPhase::joined) rank.phase = RankPhase::finalized;
      return;
    }
    default:
      break;
  }
  reject(rank, "a message of kind " + std::to_string(static_cast<int>(frame.kind)) +
                   " is not for ranks to send");
}

void Agent::welcome(RankProcess& rank, const ControlFrame& frame) {
  // The number of the protocol stands first and is read alone: the rest may be of another make.
  wire::Reader in(frame.body);
  const std::uint16_t protocol = in.u16();
  const std::string version = in.string(wire::max_string_bytes);
  if (in.ok() && protocol != wire::control_protocol_version) {
    return reject(rank, "the program was built with prun " + version + " (protocol " +
                            std::to_string(protocol) + ") and started by prun " + hello_.version +
                            " (protocol " + std::to_string(wire::control_protocol_version) +
                            "): build it again with the prun that starts it");
  }
  const auto hello = bootstrap::decode_frame<bootstrap::RankHello>(frame);
  if (!hello.ok()) return reject(rank, hello.failure().text);
  if (rank.phase != RankPhase::never_joined) return reject(rank, "it has said hello before");

  rank.phase = RankPhase::joined;
  rank.tell(bootstrap::Welcome{
      setup_->map, setup_->key, process_of(rank), setup_->bind_address, hello_.cores,
      setup_->compression, setup_->encrypt, rank.incarnation() == 0 ? shared_memory_.get() : -1,
      clock_page_ ? clock_page_->descriptor() : -1, setup_->ports, setup_->on_failure});
  if (!endpoints_.empty()) {
    bootstrap::Endpoints known;
    for (const auto& [number, port] : endpoints_) known.list.push_back({number, port});
    rank.tell(known);
  }
  for (const auto& lost : lost_) rank.tell(lost);
  for (const auto& asked : survivors_asked_) rank.tell(asked);
}

void Agent::reject(RankProcess& rank, const std::string& why) {
  rank.close_channel();
  launcher_->send(
      bootstrap::RankAborting{process_of(rank), 125, "its control channel broke: " + why});
}

void Agent::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    const auto found = std::find_if(ranks_.begin(), ranks_.end(), [pid](const auto& entry) {
      return entry.second->pid() == pid;
    });
    if (found == ranks_.end()) continue;  // an orphan that had become ours
    RankProcess& rank = *found->second;
    rank.take_last_words();
    const bool signalled = WIFSIGNALED(status);
    const int value = signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    launcher_->send(bootstrap::RankExited{rank.rank(), signalled, static_cast<std::uint8_t>(value),
                                          rank.phase});
    rank.exited();
  }
}

RankProcess* Agent::find(std::uint32_t rank) {
  const auto found = ranks_.find(rank);
  return found == ranks_.end() ? nullptr : found->second.get();
}

// Each time another rank comes first, or one that prints without end would take all the room there
// is.
void Agent::resume_output() {
  if (ranks_.empty()) return;
  first_to_resume_ = (first_to_resume_ + 1) % ranks_.size();
  const auto middle = std::next(ranks_.begin(), static_cast<std::ptrdiff_t>(first_to_resume_));
  for (auto each = middle; each != ranks_.end(); ++each) each->second->resume_output();
  for (auto each = ranks_.begin(); each != middle; ++each) each->second->resume_output();
}

}  // namespace prun::agent
