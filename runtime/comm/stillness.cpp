#include "runtime/comm/stillness.hpp"

#include <algorithm>
#include <ctime>

#include "runtime/bootstrap/rank_channel.hpp"

namespace prun::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Longer than any round of a program that goes on, as a rule; short enough that a deadlock is told
// while the user still looks.
constexpr milliseconds patience{1000};

// Of all threads of this process.
nanoseconds processor_time() {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

}  // namespace

void Stillness::listen(bootstrap::RankChannel& channel, Describe describe) {
  channel_ = &channel;
  describe_ = std::move(describe);
}

bool Stillness::sleep(const Deadline& deadline, const Waiting& waiting, bool for_a_time) {
  waiting_ = &waiting;
  for_a_time_ = for_a_time || deadline.at();
  since_ = Clock::now();
  std::size_t events = 0;
  for (;;) {
    asked_ = news_ = false;
    events = run_one(deadline);
    if (events != 0 && (!asked_ || news_)) break;  // a question alone has changed nothing
    if (deadline.passed()) break;
    if (events == 0)
      tell(for_a_time_ ? bootstrap::Stillness::still_for_a_time : bootstrap::Stillness::still);
  }
  events += io_.poll();
  waiting_ = nullptr;
  if (told_) tell(bootstrap::Stillness::moving);
  return events != 0;
}

// The number of events, 0 when the deadline has passed or patience has run out.
std::size_t Stillness::run_one(const Deadline& deadline) {
  const auto guard =
      asio::make_work_guard(io_);  // alone in the world there is nothing else to wait for
  if (channel_ != nullptr && !told_) {
    const auto tells = since_ + patience;
    return io_.run_one_until(deadline.at() ? std::min(tells, *deadline.at()) : tells);
  }
  return deadline.at() ? io_.run_one_until(*deadline.at()) : io_.run_one();
}

void Stillness::tell(bootstrap::Stillness stillness) {
  told_ = stillness != bootstrap::Stillness::moving;
  if (told_) {
    told_at_ = Clock::now();
    processor_then_ = processor_time();
  }
  channel_->tell_stillness(stillness);
}

void Stillness::on_question(const bootstrap::HangQuestion& question) {
  asked_ = true;
  bootstrap::RankState state;
  state.number = question.number;
  if (waiting_ != nullptr) {
    const auto now = Clock::now();
    state.waiting = true;
    state.may_end_by_itself = for_a_time_;
    state.still_ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now - since_).count());
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
