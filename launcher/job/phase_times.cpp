#include "launcher/job/phase_times.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace prun::job {
namespace {

struct Column {
  const char* title;
  std::vector<HostPhase> phases;
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all{
      {"login", {HostPhase::connecting}},
      {"agent", {HostPhase::logged_in, HostPhase::receiving}},
      {"check", {HostPhase::checking}},
      {"files", {HostPhase::staging}},
      {"others", {HostPhase::waiting, HostPhase::agent_up, HostPhase::ready}},
      {"start", {HostPhase::starting}},
      {"run", {HostPhase::running}},
  };
  return all;
}

double seconds(PhaseTimes::Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void PhaseTimes::enter(HostPhase phase, Clock::time_point now) {
  end(now);
  phase_ = phase;
  since_ = now;
}

void PhaseTimes::end(Clock::time_point now) {
  if (phase_) spent_[static_cast<std::size_t>(*phase_)] += now - since_;
  phase_.reset();
}

std::vector<std::string> timing_table(const std::vector<HostTimes>& hosts,
                                      PhaseTimes::Clock::duration in_all) {
  std::size_t width = 4;
  for (const auto& one : hosts) width = std::max(width, one.host.size());
  std::vector<std::string> lines;
  std::string head = fmt::format("{:<{}}", "host", width);
  for (const auto& column : columns()) head += fmt::format(" {:>8}", column.title);
  lines.push_back(head + "   in seconds");
  for (const auto& one : hosts) {
    std::string line = fmt::format("{:<{}}", one.host, width);
    for (const auto& column : columns()) {
      PhaseTimes::Clock::duration spent{};
      for (const auto phase : column.phases) spent += one.times.in(phase);
      line += fmt::format(" {:>8.3f}", seconds(spent));
    }
    lines.push_back(std::move(line));
  }
  lines.push_back(fmt::format("{:.3f} s in all", seconds(in_all)));
  return lines;
}

}  // namespace prun::job
