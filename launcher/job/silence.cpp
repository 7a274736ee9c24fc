#include "launcher/job/silence.hpp"

#include <algorithm>

namespace prun::job {
namespace {

using std::chrono::milliseconds;

// An agent takes so many times longer to believe that its launcher is gone: in its place may be a laptop
// whose lid was closed for a moment.
constexpr int patience_of_agents = 8;
constexpr milliseconds longest_cut_off{std::chrono::hours(24)};

constexpr milliseconds shortest_beat{20};
constexpr milliseconds longest_beat{2000};

}  // namespace

WatchTimes WatchTimes::of(milliseconds limit) {
  WatchTimes times{};
  times.limit = limit;
  times.beat = std::clamp(limit / 8, shortest_beat, longest_beat);
  times.own_beat = times.beat * 4;
  times.look = times.beat / 2;
  times.suspicion = times.beat * 5 / 2;
  times.cut_off = std::min(limit * patience_of_agents, longest_cut_off);
  return times;
}

Silence::Silence(const WatchTimes& times, std::uint32_t hosts, time_point now)
    : times_(times), clock_(now, times.look * 2), heard_(hosts) {}

void Silence::follow(std::uint32_t host, time_point now) {
  heard_[host] = clock_.look(now);
}

void Silence::forget(std::uint32_t host) {
  heard_[host].reset();
}

void Silence::heard(std::uint32_t host, time_point now) {
  if (heard_[host]) heard_[host] = clock_.look(now);
}

milliseconds Silence::of(std::uint32_t host) const {
  if (!heard_[host]) return milliseconds(0);
  return std::chrono::duration_cast<milliseconds>(clock_.now() - *heard_[host]);
}

std::vector<std::uint32_t> Silence::overdue(
    const std::function<bool(std::uint32_t host)>& counts) const {
  std::vector<std::uint32_t> found;
  bool any = false;
  for (std::uint32_t host = 0; host < heard_.size(); ++host) {
    if (of(host) < times_.limit - times_.beat || !counts(host)) continue;
    found.push_back(host);
    any = any || of(host) >= times_.limit;
  }
  if (!any) found.clear();
  return found;
}

}  // namespace prun::job
