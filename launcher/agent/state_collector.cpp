#include "launcher/agent/state_collector.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "launcher/agent/process_tree.hpp"
#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

using bootstrap::ProcessState;
using std::chrono::milliseconds;

// A rank that waits answers within a few milliseconds; this is for a loaded board.
constexpr milliseconds patience{500};

// What /proc/PID/stat says of a process.
struct Usage {
  char state = 'X';
  milliseconds used{0};
};

Usage usage_of(pid_t pid) {
  const std::string line = system::read_file("/proc/" + std::to_string(pid) + "/stat");
  Usage usage;
  const auto name_end = line.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos || name_end + 2 >= line.size()) return usage;
  usage.state = line[name_end + 2];
  const char* rest = line.c_str() + name_end + 3;
  char* end = nullptr;
  for (int skipped = 0; skipped < 10; ++skipped) {
    std::strtoll(rest, &end, 10);
    rest = end;
  }
  const unsigned long user = std::strtoul(rest, &end, 10);
  const unsigned long kernel = std::strtoul(end, &end, 10);
  const long ticks = ::sysconf(_SC_CLK_TCK);
  if (ticks > 0)
    usage.used = milliseconds((user + kernel) * 1000 / static_cast<unsigned long>(ticks));
  return usage;
}

// Of the rank and everything below it.
milliseconds used_by(pid_t root) {
  milliseconds used = usage_of(root).used;
  for (const pid_t pid : descendants(root)) used += usage_of(pid).used;
  return used;
}

}  // namespace

StateCollector::StateCollector(asio::io_context& io, const Ranks& ranks, Done done)
    : ranks_(ranks), done_(std::move(done)), patience_(io) {}

void StateCollector::ask(const bootstrap::HangQuestion& question) {
  open_ = true;
  number_ = question.number;
  asked_at_ = Clock::now();
  used_then_.clear();
  bool any_has_joined = false;
  for (const auto& [number, rank] : ranks_) {
    if (!rank->running()) continue;
    used_then_[number] = used_by(rank->pid());
    if (rank->phase != bootstrap::RankPhase::joined) continue;
    rank->tell(question);
    any_has_joined = true;
  }
  if (!any_has_joined) return finish();
  patience_.expires_after(patience);
  patience_.async_wait([this](asio::error_code error) {
    if (!error) finish();
  });
}

void StateCollector::answered(std::uint32_t rank, std::uint32_t question) {
  if (!open_ || question != number_) return;
  used_then_.erase(rank);
  if (used_then_.empty()) finish();
}

void StateCollector::finish() {
  if (!std::exchange(open_, false)) return;
  patience_.cancel();
  bootstrap::HostStates states;
  states.number = number_;
  for (const auto& [number, used] : used_then_)
    states.silent.push_back(look_at(*ranks_.at(number)));
  done_(states);
}

ProcessState StateCollector::look_at(RankProcess& rank) const {
  ProcessState state;
  state.rank = rank.rank();
  state.phase = rank.phase;
  state.doing = ProcessState::Doing::ended;
  if (!rank.running()) return state;
  const auto passed = std::chrono::duration_cast<milliseconds>(Clock::now() - asked_at_).count();
  const auto used = (used_by(rank.pid()) - used_then_.at(rank.rank())).count();
  if (passed > 0)
    state.busy_permille =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(used * 1000 / passed, 0, 1'000'000));
  switch (usage_of(rank.pid()).state) {
    case 'R':
      state.doing = ProcessState::Doing::running;
      break;
    case 'T':
    case 't':
      state.doing = ProcessState::Doing::stopped;
      break;
    case 'D':
      state.doing = ProcessState::Doing::in_the_kernel;
      break;
    case 'Z':
    case 'X':
      break;
    default:
      state.doing =
          rank.waits_for_input() ? ProcessState::Doing::reading_input : ProcessState::Doing::asleep;
      break;
  }
  return state;
}

}  // namespace prun::agent
