#include "launcher/agent/agent.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>
#include <variant>

#include "launcher/agent/keeper.hpp"
#include "launcher/agent/preflight.hpp"
#include "launcher/agent/process_tree.hpp"
#include "launcher/system/descriptor_limit.hpp"
#include "launcher/system/environment.hpp"
#include "launcher/system/processors.hpp"
#include "runtime/bootstrap/shared_segment.hpp"

namespace prun::agent {
namespace {

using bootstrap::ControlFrame;
using bootstrap::ControlKind;
using bootstrap::RankPhase;

constexpr std::chrono::milliseconds between_progress{250};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Agent::Agent(asio::io_context& io, system::Descriptor in, system::Descriptor out,
             bootstrap::AgentHello hello, system::Leftovers& leftovers)
    : io_(io),
      children_(io),
      termination_(io),
      grace_(io),
      launcher_(std::make_shared<FrameLink>(io, in.release(), out.release())),
      hello_(std::move(hello)),
      leftovers_(leftovers),
      environment_(system::own_environment()),
      descriptor_limit_(system::raise_descriptor_limit()),
      states_(io, ranks_,
              [this](const bootstrap::HostStates& states) { launcher_->send(states); }) {}

void Agent::run() {
  asio::error_code ignored;
  children_.add(SIGCHLD, ignored);
  termination_.add(SIGTERM, ignored);
  allow_termination();
  watch_children();
  watch_termination();
  launcher_->send_bytes(bytes_of(bootstrap::agent_greeting));
  launcher_->send(hello_);
  launcher_->start([this](const ControlFrame& frame) { on_frame(frame); },
                   [this](const FrameLink::End&) { leave(); });
  io_.run();
  end_descendants();
  watch_.reset();
  intake_.reset();
  forwarder_.reset();
  staging_.reset();
}

template <class Message, class Handler>
void Agent::take(const ControlFrame& frame, Handler handler) {
  auto message = bootstrap::decode_frame<Message>(frame);
  if (message.ok()) {
    handler(std::move(message).value());
    return;
  }
  refuse(message.failure().text);
}

void Agent::on_frame(const ControlFrame& frame) {
  if (watch_) watch_->heard();
  if (deaf_) return;
  switch (frame.kind) {
    case ControlKind::watch:
      take<liveness::Watch>(frame, [this](const liveness::Watch& order) { watch_launcher(order); });
      return;
    case ControlKind::beat:
      return;
    case ControlKind::job_setup:
      take<bootstrap::JobSetup>(frame,
                                [this](bootstrap::JobSetup setup) { set_up(std::move(setup)); });
      return;
    case ControlKind::stage_offer:
      take<stage::StageOffer>(frame, [this](stage::StageOffer offer) {
        if (!setup_)
          staging_ = std::make_unique<Staging>(std::move(offer), environment_, leftovers_);
      });
      return;
    case ControlKind::stage_data:
      take<stage::StageData>(frame, [this](const stage::StageData& data) {
        if (!staging_ || !setup_) return refuse("files came that were not offered");
        intake_.reset();
        take_file_data(data, true);
      });
      return;
    case ControlKind::stage_pass_on:
      take<stage::StagePassOn>(frame, [this](const stage::StagePassOn& order) { pass_on(order); });
      return;
    case ControlKind::stage_source_lost:
      take<stage::StageSourceLost>(
          frame, [this](const stage::StageSourceLost&) { ask_launcher_for_files(); });
      return;
    case ControlKind::start:
      take<bootstrap::Start>(frame, [this](const bootstrap::Start&) { start_ranks(); });
      return;
    case ControlKind::rank_input:
      take<bootstrap::RankInput>(frame, [this](const bootstrap::RankInput& input) {
        if (RankProcess* rank = find(input.rank)) rank->write_input(input.data);
      });
      return;
    case ControlKind::input_end:
      take<bootstrap::InputEnd>(frame, [this](const bootstrap::InputEnd& end) {
        if (RankProcess* rank = find(end.rank)) rank->end_input();
      });
      return;
    case ControlKind::input_offer:
      take<bootstrap::InputOffer>(frame, [this](const bootstrap::InputOffer& offer) {
        RankProcess* const rank = find(offer.rank);
        if (rank == nullptr) return;
        rank->when_it_reads(
            [this, number = offer.rank] { launcher_->send(bootstrap::InputWanted{number}); });
      });
      return;
    case ControlKind::window_size:
      take<bootstrap::WindowSize>(frame, [this](const bootstrap::WindowSize& size) {
        RankProcess* const rank = find(size.rank);
        if (rank != nullptr) rank->resize_terminal({size.rows, size.columns, 0, 0});
      });
      return;
    case ControlKind::output_credit:
      take<bootstrap::OutputCredit>(frame, [this](const bootstrap::OutputCredit& credit) {
        window_.give_back(credit.bytes);
        resume_output();
      });
      return;
    case ControlKind::endpoints:
      take<bootstrap::Endpoints>(frame, [this](const bootstrap::Endpoints& endpoints) {
        if (!setup_) return;
        for (const auto& endpoint : endpoints.list) {
          if (endpoint.rank >= setup_->map.processes())
            return refuse("a rank listens that is not of the job");
          endpoints_[endpoint.rank] = endpoint.port;
        }
        tell_joined(endpoints);
      });
      return;
    case ControlKind::peer_lost:
      take<bootstrap::PeerLost>(frame, [this](const bootstrap::PeerLost& lost) {
        if (!setup_) return;
        if (lost.rank >= setup_->map.processes())
          return refuse("a rank is lost that is not of the job");
        lost_.push_back(lost);
        tell_joined(lost);
      });
      return;
    case ControlKind::end_rank:
      take<bootstrap::EndRank>(frame, [this](const bootstrap::EndRank& order) {
        if (RankProcess* rank = find(order.rank)) rank->signal_group(SIGKILL);
      });
      return;
    case ControlKind::start_rank:
      take<bootstrap::StartRank>(frame,
                                 [this](const bootstrap::StartRank& order) { start_again(order); });
      return;
    case ControlKind::survivors_asked:
      take<bootstrap::SurvivorsAsked>(frame, [this](const bootstrap::SurvivorsAsked& asked) {
        survivors_asked_.push_back(asked);
        tell_joined(asked);
      });
      return;
    case ControlKind::survivors_agreed:
      take<bootstrap::SurvivorsAgreed>(frame, [this](const bootstrap::SurvivorsAgreed& agreed) {
        std::erase_if(survivors_asked_, [&](const bootstrap::SurvivorsAsked& asked) {
          const auto& left = agreed.members;
          return asked.context == agreed.context &&
                 std::find_first_of(left.begin(), left.end(), asked.members.begin(),
                                    asked.members.end()) != left.end();
        });
        tell_joined(agreed);
      });
      return;
    case ControlKind::clock_start:
      take<bootstrap::ClockStart>(
          frame, [this](const bootstrap::ClockStart& order) { start_clock(order); });
      return;
    case ControlKind::clock_follow:
      take<bootstrap::ClockFollow>(
          frame, [this](const bootstrap::ClockFollow& order) { follow_clock(order); });
      return;
    case ControlKind::signal:
      take<bootstrap::Signal>(frame, [this](const bootstrap::Signal& signal) {
        for (auto& [number, rank] : ranks_) {
          const bool spares = signal.only_who_listens && rank->phase == RankPhase::joined;
          if (!spares || rank->listens_to(signal.number)) rank->signal_group(signal.number);
        }
      });
      return;
    case ControlKind::hang_question:
      take<bootstrap::HangQuestion>(
          frame, [this](const bootstrap::HangQuestion& question) { states_.ask(question); });
      return;
    case ControlKind::terminate:
      take<bootstrap::Terminate>(frame,
                                 [this](const bootstrap::Terminate& order) { terminate(order); });
      return;
    case ControlKind::shutdown:
      leave();
      return;
    default:
      break;
  }
  refuse("a message of kind " + std::to_string(static_cast<int>(frame.kind)) +
         " is not for agents");
}

void Agent::refuse(const std::string& why) {
  deaf_ = true;
  launcher_->send(
      bootstrap::AgentProblem{125, "its agent does not understand the launcher: " + why});
}

void Agent::watch_launcher(const liveness::Watch& order) {
  if (watch_) return;
  // Nothing where the launcher was told to use another program than ssh.
  const char* const connection = system::find_variable(environment_, "SSH_CONNECTION");
  watch_ = std::make_unique<LauncherWatch>(io_, *launcher_, order,
                                           ssh_ends(connection != nullptr ? connection : ""),
                                           [this] { leave(); });
}

void Agent::set_up(bootstrap::JobSetup setup) {
  if (setup_) return;
  setup_ = std::move(setup);
  const auto& map = setup_->map;
  needed_.assign(setup_->programs.size(), false);
  RankListener& listener = *this;
  for (std::uint32_t rank = 0; rank < map.size(); ++rank) {
    if (map.host_of_rank[rank] != setup_->host_index) continue;
    ranks_.emplace(rank, std::make_unique<RankProcess>(io_, window_, listener, rank));
    needed_[setup_->program_of_rank[rank]] = true;
  }
  if (staging_) {
    const auto wanted = staging_->look(*setup_, needed_);
    if (!wanted.ok()) {
      launcher_->send(bootstrap::AgentProblem{125, wanted.failure().text});
      return;
    }
    if (!staging_->complete()) return want_files();
  }
  check_programs();
}

PeerIdentity Agent::own_identity() const {
  return {peer_key(setup_->key), setup_->map.job_id, setup_->host_index,
          static_cast<std::uint32_t>(setup_->map.hosts.size()), setup_->encrypt};
}

// Where nothing can be taken from others the launcher sends it.
void Agent::want_files() {
  stage::StageWant want{staging_->missing(), 0};
  if (setup_->map.hosts.size() > 1 && staging_->wanted_bytes() >= stage::least_passed_on_bytes) {
    auto intake = FileIntake::open(
        io_, setup_->bind_address, setup_->ports, own_identity(),
        {.piece = [this](const stage::StageData& data) { take_file_data(data, false); },
         .lost = [this](const std::string&) { ask_launcher_for_files(); }});
    if (intake.ok()) {
      intake_ = std::move(intake).value();
      want.port = intake_->port();
    }
  }
  launcher_->send(want);
}

void Agent::take_file_data(const stage::StageData& data, bool from_launcher) {
  auto taken = staging_->take(data);
  if (taken.ok()) {
    if (forwarder_) forwarder_->more();
    taken = staging_->settle();
  }
  if (!taken.ok()) {
    // What another host passes on may be wrong; the launcher's word counts.
    if (!from_launcher && taken.failure().code == Errc::bad_data) return ask_launcher_for_files();
    deaf_ = true;
    intake_.reset();
    launcher_->send(bootstrap::AgentProblem{125, taken.failure().text});
    return;
  }
  if (staging_->complete()) {
    intake_.reset();
    check_programs();
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (from_launcher || now - progress_told_ < between_progress) return;
  progress_told_ = now;
  launcher_->send(stage::StageProgress{staging_->received_bytes()});
}

void Agent::ask_launcher_for_files() {
  if (!intake_ || deaf_) return;
  intake_.reset();
  const auto restarted = staging_->restart();
  if (restarted.ok()) {
    launcher_->send(stage::StageWant{staging_->missing(), 0});
    return;
  }
  deaf_ = true;
  launcher_->send(bootstrap::AgentProblem{125, restarted.failure().text});
}

void Agent::pass_on(const stage::StagePassOn& order) {
  if (!staging_ || !setup_ || order.host >= setup_->map.hosts.size() ||
      order.host == setup_->host_index) {
    return refuse("files are to be passed on to a host that is none");
  }
  forwarder_ = std::make_unique<FileForwarder>(io_, *staging_, [this](const std::string& why) {
    forwarder_.reset();
    launcher_->send(stage::StageUnpassed{why});
  });
  forwarder_->start(setup_->map.hosts[order.host].data_address, order.port, own_identity(),
                    order.host);
}

void Agent::check_programs() {
  bootstrap::AgentReady ready;
  const bool is_remote = !hello_.server_address.empty();
  if (const auto fault = is_remote ? stage::cache_fault(environment_) : std::string();
      !fault.empty())
    ready.notes.push_back(fault);
  if (staging_) {
    const auto shown = staging_->show();
    if (!shown.ok()) {
      launcher_->send(bootstrap::AgentProblem{125, shown.failure().text});
      return;
    }
    for (auto& note : staging_->notes()) ready.notes.push_back(std::move(note));
  }
  runnables_.resize(setup_->programs.size());
  for (std::uint32_t i = 0; i < needed_.size(); ++i) {
    if (!needed_[i]) continue;
    auto& program = setup_->programs[i];
    if (staging_) program = staging_->program(program, i);
    auto check = check_program(program, program_environment(environment_, program),
                               staging_ ? staging_->path_of(i) : std::string());
    if (const auto* problem = std::get_if<bootstrap::AgentProblem>(&check)) {
      launcher_->send(*problem);
      return;
    }
    runnables_[i] = std::get<Runnable>(std::move(check));
    for (const auto& note : runnables_[i].notes) {
      if (std::find(ready.notes.begin(), ready.notes.end(), note) == ready.notes.end())
        ready.notes.push_back(note);
    }
  }
  make_shared_memory(ready.notes);
  ready_ = true;
  launcher_->send(ready);
}

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

void Agent::terminate(const bootstrap::Terminate& order) {
  started_ = ending_ = true;  // an order to start that is still on its way comes too late
  if (order.grace_ms == 0) {
    grace_.cancel();
    signal_descendants(SIGKILL);
    return;
  }
  const int number = order.signal > 0 && order.signal < NSIG ? order.signal : SIGTERM;
  const auto half = std::chrono::milliseconds(order.grace_ms) / 2;
  ask_descendants_to_end(number);
  grace_.expires_after(half);
  grace_.async_wait([this, number, half](asio::error_code error) {
    if (error) return;
    if (number != SIGTERM) insist_that_descendants_end(number);
    grace_.expires_after(half);
    grace_.async_wait([](asio::error_code later) {
      if (!later) signal_descendants(SIGKILL);
    });
  });
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

void Agent::watch_children() {
  children_.async_wait([this](asio::error_code error, int) {
    if (error) return;
    reap();
    watch_children();
  });
}

void Agent::watch_termination() {
  termination_.async_wait([this](asio::error_code error, int) {
    if (!error) leave();
  });
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

void Agent::leave() {
  io_.stop();
}

}  // namespace prun::agent
