// Hosts that have gone dark: no power, no cable.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "launcher/cli/exit_status.hpp"
#include "launcher/io/exit_report.hpp"
#include "launcher/job/job.hpp"

namespace prun::job {

using std::chrono::milliseconds;

void Job::watch_hosts() {
  const bool any_remote = std::any_of(machines_.begin(), machines_.end(),
                                      [](const auto& machine) { return !machine->local; });
  if (!any_remote || !plan_.options.node_timeout) return;
  login_watch_ = std::make_unique<LoginWatch>(
      io_, *plan_.options.node_timeout, [this](std::uint32_t host, milliseconds silence) {
        // Datagrams judge better, once they get through.
        if (starting() && machines_[host]->channel && !watch_->answers(host))
          give_up(host, io::silence_words(silence));
      });
  watch_ = std::make_unique<HostWatch>(
      io_, *plan_.options.node_timeout, static_cast<std::uint32_t>(machines_.size()),
      HostWatch::Handlers{
          .beat =
              [this](std::uint32_t host) {
                if (machines_[host]->channel)
                  machines_[host]->channel->send_if_idle(liveness::Beat{});
              },
          .counts = [this](std::uint32_t host, bool answers) { return may_be_dead(host, answers); },
          .silent = [this](const auto& hosts) { lose_silent_hosts(hosts); },
          .note = [this](std::uint32_t host,
                         const std::string& text) { trace(name(host) + ": " + text); }});
}

// An agent at a look through its host's disk says nothing for a while, and neither does one that ends
// what its ranks have left behind; there are deadlines for both. An answer to a datagram needs no agent
// that has its hands free.
bool Job::may_be_dead(std::uint32_t host, bool answers) const {
  if (stage_ >= Stage::closing) return false;
  const auto phase = machines_[host]->phase;
  return phase == HostPhase::running ||
         (answers && phase >= HostPhase::agent_up && phase < HostPhase::running);
}

void Job::lose_silent_hosts(const std::vector<std::uint32_t>& silent) {
  std::vector<std::uint32_t> hosts;
  for (const auto host : silent) {
    if (machines_[host]->returning) {
      fail_return(host, io::silence_words(watch_->silence_of(host)));
    } else {
      hosts.push_back(host);
    }
  }
  if (hosts.empty()) return;
  std::vector<std::string> names;
  std::vector<std::uint32_t> ranks;
  milliseconds silence{0};
  for (const auto host : hosts) {
    names.push_back(name(host));
    ranks.insert(ranks.end(), machines_[host]->ranks.begin(), machines_[host]->ranks.end());
    silence = std::max(silence, watch_->silence_of(host));
  }
  std::sort(ranks.begin(), ranks.end());
  const auto others = std::count_if(machines_.begin(), machines_.end(),
                                    [](const auto& machine) { return !machine->local; });
  const bool all = hosts.size() > 1 && static_cast<std::ptrdiff_t>(hosts.size()) == others;
  const std::string text = io::silence_words(silence);
  if (starting()) {
    for (const auto host : hosts) fail_host(host, cli::exit_own_failure, text);
    return;
  }
  lose_hosts(hosts,
             fmt::format("{} {} ({} {}){}", fmt::join(names, ", "), text,
                         ranks.size() == 1 ? "rank" : "ranks", fmt::join(ranks, ", "),
                         all ? ": all other hosts at once; is the cable of this computer in?" : ""),
             "is lost: its host " + text);
}

}  // namespace prun::job
