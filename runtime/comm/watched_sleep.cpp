#include "runtime/comm/watched_sleep.hpp"

#include <algorithm>
#include <ctime>

#include "runtime/bootstrap/rank_channel.hpp"

namespace prun::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// From tick to tick. Longer than any round of a program that goes on, as a rule; short enough that a
// deadlock is told while the user still looks.
constexpr milliseconds patience{1000};

// Of all threads of this process.
nanoseconds processor_time() {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

}  // namespace

void WatchedSleep::listen(bootstrap::RankChannel& channel, Describe describe) {
  channel_ = &channel;
  describe_ = std::move(describe);
}

bool WatchedSleep::sleep(const Deadline& deadline, const Waiting& waiting, bool for_a_time) {
  waiting_ = &waiting;
  for_a_time_ = for_a_time || deadline.at();
  ++sleeps_;
  if (channel_ != nullptr && !clock_runs_) wind_clock();
  std::size_t events = 0;
  do {
    for_us_ = news_ = false;
    events = run_one(deadline);
  } while (for_us_ && !news_ && !deadline.passed());
  events += io_.poll();
  waiting_ = nullptr;
  if (told_) tell(bootstrap::Stillness::moving);
  return events != 0;
}

// The number of events, 0 when the deadline has passed.
std::size_t WatchedSleep::run_one(const Deadline& deadline) {
  const auto guard =
      asio::make_work_guard(io_);  // alone in the world there is nothing else to wait for
  return deadline.at() ? io_.run_one_until(*deadline.at()) : io_.run_one();
}

void WatchedSleep::wind_clock() {
  clock_runs_ = true;
  clock_.expires_after(patience);
  clock_.async_wait([this](asio::error_code error) {
    if (!error) tick();
  });
}

// It stands still while the rank computes, and when all has been told.
void WatchedSleep::tick() {
  for_us_ = true;
  clock_runs_ = false;
  if (waiting_ == nullptr || told_) return;
  if (sleep_seen_ == sleeps_) {
    tell(for_a_time_ ? bootstrap::Stillness::still_for_a_time : bootstrap::Stillness::still);
    return;
  }
  sleep_seen_ = sleeps_;
  seen_at_ = Clock::now();
  wind_clock();
}

void WatchedSleep::tell(bootstrap::Stillness stillness) {
  told_ = stillness != bootstrap::Stillness::moving;
  if (told_) {
    told_at_ = Clock::now();
    processor_then_ = processor_time();
  }
  channel_->tell_stillness(stillness);
}

void WatchedSleep::on_question(const bootstrap::HangQuestion& question) {
  for_us_ = true;
  bootstrap::RankState state;
  state.number = question.number;
  if (waiting_ != nullptr) {
    const auto now = Clock::now();
    state.waiting = true;
    state.may_end_by_itself = for_a_time_;
    if (sleep_seen_ == sleeps_) {
      state.still_ms = static_cast<std::uint64_t>(
          std::chrono::duration_cast<milliseconds>(now - seen_at_).count());
    }
    if (told_ && now > told_at_) {
      const auto used = processor_time() - processor_then_;
      state.busy_permille = static_cast<std::uint32_t>(used * 1000 / (now - told_at_));
    }
    state.call = waiting_->call();
    state.place = place_of(waiting_->at());
    Awaited awaited(state);
    waiting_->tell(awaited);
  }
  describe_(state);
  channel_->tell_state(std::move(state));
}

}  // namespace prun::detail
