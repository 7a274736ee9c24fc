#include <algorithm>

#include "launcher/job/job.hpp"
#include "runtime/bootstrap/clock_messages.hpp"

// How the hosts of a job come to tell one time, once a rank wants to know it: see clock_tree.hpp.
namespace prun::job {

void Job::on_clock_wanted() {
  if (!clock_hosts_.empty()) return;
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    if (!machines_[host]->ranks.empty()) clock_hosts_.push_back(host);
  }
  const auto top = std::find(clock_hosts_.begin(), clock_hosts_.end(), machine_of_rank_.front());
  clock_tree_ = ClockTree(static_cast<std::uint32_t>(clock_hosts_.size()),
                          static_cast<std::uint32_t>(top - clock_hosts_.begin()));
  for (std::uint32_t place = 0; place < clock_hosts_.size(); ++place)
    tell(clock_hosts_[place], bootstrap::ClockStart{place == clock_tree_.top()});
}

void Job::on_clock_port(std::uint32_t host, std::uint16_t port) {
  if (const auto place = clock_place(host)) order_clocks(clock_tree_.answers(*place, port));
}

void Job::on_clock_host_lost(std::uint32_t host) {
  if (const auto place = clock_place(host)) order_clocks(clock_tree_.lost(*place));
}

// Agents number hosts as the job's map does, which has those with ranks only.
std::optional<std::uint32_t> Job::clock_place(std::uint32_t host) const {
  const auto found = std::find(clock_hosts_.begin(), clock_hosts_.end(), host);
  if (found == clock_hosts_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - clock_hosts_.begin());
}

void Job::order_clocks(const std::vector<ClockTree::Order>& orders) {
  for (const auto& order : orders)
    tell(clock_hosts_[order.host], bootstrap::ClockFollow{order.above, order.port});
}

}  // namespace prun::job
