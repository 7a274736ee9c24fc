#include <fmt/format.h>

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
  clock_tree_ = ClockTree(static_cast<std::uint32_t>(clock_hosts_.size()),
                          *clock_place(machine_of_rank_.front()));
  for (std::uint32_t place = 0; place < clock_hosts_.size(); ++place) {
    if (!hears(clock_hosts_[place])) clock_tree_.lost(place);
    tell(clock_hosts_[place], bootstrap::ClockStart{});
  }
  order_clocks({{clock_tree_.top(), clock_tree_.top(), 0}});
}

void Job::on_clock_port(std::uint32_t host, std::uint16_t port) {
  if (const auto place = clock_place(host)) order_clocks(clock_tree_.answers(*place, port));
}

void Job::on_clock_known(std::uint32_t host) {
  if (const auto place = clock_place(host)) clock_tree_.knows(*place);
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

void Job::order_clocks(const ClockTree::Orders& orders) {
  const std::uint16_t leader = clock_tree_.leader();
  for (const auto& order : orders) {
    const std::uint32_t host = clock_hosts_[order.host];
    if (order.leads()) {
      trace(fmt::format("{}: its clock is the job's", name(host)));
      tell(host, bootstrap::ClockLead{leader});
    } else {
      tell(host, bootstrap::ClockFollow{order.above, order.port, leader});
    }
  }
}

}  // namespace prun::job
