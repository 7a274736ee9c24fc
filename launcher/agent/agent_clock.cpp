#include <algorithm>
#include <utility>

#include "launcher/agent/agent.hpp"
#include "launcher/agent/rank_environment.hpp"
#include "launcher/system/environment.hpp"

// The agent's part in telling the time: see clock_service.hpp.
namespace prun::agent {

// Ranks inherit it, wanted or not. Without one there is no clock, and a rank that wants it says so.
void Agent::make_clock_page() {
  clock::Skew skew;
  const auto environment = program_environment(environment_, setup_->programs.front());
  if (const char* words = system::find_variable(environment, "PRUN_CLOCK_SKEW"); words != nullptr) {
    const auto parsed = clock::parse_skew(words, setup_->map.hosts[setup_->host_index].name);
    skew = parsed.value_or(clock::Skew{});
  }
  auto made = clock::ClockPage::make(skew);
  if (made.ok()) clock_page_ = std::move(made).value();
}

void Agent::clock_wanted(RankProcess& rank) {
  if (clock_ready_) return rank.tell(bootstrap::ClockReady{});
  want_clock_.push_back(rank.rank());
  launcher_->send(bootstrap::ClockWanted{});
}

void Agent::start_clock() {
  if (!clock_page_ || clock_) return;
  clock_ = std::make_unique<ClockService>(
      io_, ClockService::Identity{setup_->key, setup_->map.job_id, setup_->host_index},
      *clock_page_, [this] { clock_is_ready(); });
  // Alone there is nobody to tell the time to.
  if (setup_->map.hosts.size() > 1) {
    const auto port = clock_->listen(setup_->bind_address, setup_->ports);
    if (port.ok()) launcher_->send(bootstrap::ClockPort{port.value()});
  }
}

void Agent::lead_clock(const bootstrap::ClockLead& order) {
  if (clock_) clock_->lead(order.leader);
}

void Agent::follow_clock(const bootstrap::ClockFollow& order) {
  if (!clock_) return;
  if (order.host >= setup_->map.hosts.size() || order.host == setup_->host_index)
    return refuse("the time is to be had from a host that is none");
  clock_->follow(order.host, setup_->map.hosts[order.host].data_address, order.port, order.leader);
}

void Agent::clock_is_ready() {
  clock_ready_ = true;
  // Ahead of the ranks: what they read now is to go on if the host that leads is lost.
  launcher_->send(bootstrap::ClockKnown{});
  for (const auto number : std::exchange(want_clock_, {})) {
    if (RankProcess* const rank = find(number)) rank->tell(bootstrap::ClockReady{});
  }
}

}  // namespace prun::agent
