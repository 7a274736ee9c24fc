#include "launcher/agent/agent.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>

#include "launcher/agent/keeper.hpp"
#include "launcher/agent/preflight.hpp"
#include "launcher/agent/process_tree.hpp"
#include "launcher/system/descriptor_limit.hpp"
#include "launcher/system/environment.hpp"

namespace prun::agent {
namespace {

using bootstrap::ControlFrame;
using bootstrap::ControlKind;
using bootstrap::RankPhase;

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
      take<bootstrap::ClockStart>(frame, [this](const bootstrap::ClockStart&) { start_clock(); });
      return;
    case ControlKind::clock_lead:
      take<bootstrap::ClockLead>(frame,
                                 [this](const bootstrap::ClockLead& order) { lead_clock(order); });
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

void Agent::leave() {
  io_.stop();
}

}  // namespace prun::agent
