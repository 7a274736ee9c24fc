// The agent's part in getting programs and files to its host, and in passing them on.
#include <algorithm>
#include <chrono>
#include <utility>

#include "launcher/agent/agent.hpp"
#include "launcher/agent/preflight.hpp"

namespace prun::agent {
namespace {

constexpr std::chrono::milliseconds between_progress{250};

}  // namespace

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

}  // namespace prun::agent
