#include <iterator>
#include <memory>
#include <span>
#include <string>

#include "launcher/agent/agent.hpp"

// Ranks that were lost and are started again: docs/failures.md.
namespace prun::agent {
namespace {

// As a shell says of a command that it finds and cannot start.
constexpr std::uint8_t status_cannot_start = 126;

}  // namespace

std::uint32_t Agent::process_of(const RankProcess& rank) const {
  return setup_->map.process(rank.rank(), rank.incarnation());
}

void Agent::start_again(const bootstrap::StartRank& order) {
  const auto found = ranks_.find(order.rank);
  if (!ready_ || found == ranks_.end() || order.incarnation > setup_->map.restarts)
    return refuse("a rank is to be started again that is none of this host's");
  auto& rank = found->second;
  if (ending_) return;
  if (rank->incarnation() >= order.incarnation || rank->under_way())
    return refuse("a rank is to be started again that has not ended");
  if (!started_) make_clock_page();
  started_ = true;
  RankListener& listener = *this;
  rank = std::make_unique<RankProcess>(io_, window_, listener, order.rank, order.incarnation);
  const auto local_rank = static_cast<std::uint32_t>(std::distance(ranks_.begin(), found));
  const auto started = start_rank(*rank, local_rank);
  launcher_->send(bootstrap::RankStarted{order.rank, static_cast<std::uint32_t>(rank->pid())});
  if (started.ok()) return;
  // No end of the job: a loss like others, which has its limit.
  const std::string words = "it cannot be started: " + started.failure().text + "\n";
  if (window_.left() >= words.size()) {
    window_.take(words.size());
    on_rank_output(order.rank, 2, std::as_bytes(std::span(words)));
  }
  launcher_->send(bootstrap::RankExited{order.rank, false, status_cannot_start,
                                        bootstrap::RankPhase::never_joined});
  launcher_->send(bootstrap::RankDone{order.rank});
}

}  // namespace prun::agent
