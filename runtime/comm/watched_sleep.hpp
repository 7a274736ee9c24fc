#pragma once

#include <prun/deadline.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

#include "runtime/bootstrap/hang_messages.hpp"
#include "runtime/comm/awaited.hpp"

namespace prun::bootstrap {
class RankChannel;
}

namespace prun::detail {

// The sleep of a rank that waits, watched: it tells the agent when nothing has come for a second or
// two, and when something has after that, and answers the launcher's questions what it waits for. So
// a rank that goes on costs no message, and one that waits for ever costs one. Owned by the World,
// one thread.
//
// Sleeps are counted, not timed: a clock that ticks once a second sees whether the last tick fell
// into the same sleep. Giving each sleep an end of its own would cost the kernel a timer each, 0.35
// us of 5.
class WatchedSleep {
 public:
  // Adds what is known beside the wait itself: communicators, messages, counts.
  using Describe = std::function<void(bootstrap::RankState& state)>;

  explicit WatchedSleep(asio::io_context& io) : io_(io), clock_(io) {}

  // From now on there is somebody to tell. The channel outlives the sleeping.
  void listen(bootstrap::RankChannel& channel, Describe describe);

  // Runs the event loop until something has happened or the deadline has passed. `for_a_time`: it may
  // go on by itself though the deadline does not say so. True if anything has happened.
  bool sleep(const Deadline& deadline, const Waiting& waiting, bool for_a_time);

  // The agent's messages, within sleep or any other run of the event loop.
  void on_question(const bootstrap::HangQuestion& question);
  // Another message than a question: a wait may have ended on its account.
  void on_news() { news_ = true; }

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t run_one(const Deadline& deadline);
  void wind_clock();
  void tick();
  void tell(bootstrap::Stillness stillness);

  asio::io_context& io_;
  bootstrap::RankChannel* channel_ = nullptr;
  Describe describe_;
  const Waiting* waiting_ = nullptr;  // while asleep
  bool for_a_time_ = false;
  std::uint64_t sleeps_ = 0;
  asio::steady_timer clock_;
  bool clock_runs_ = false;
  std::uint64_t sleep_seen_ = 0;  // the one that the last tick fell into
  Clock::time_point seen_at_;
  bool told_ = false;  // that this rank is still
  Clock::time_point told_at_;
  std::chrono::nanoseconds processor_then_{0};  // used by the whole process when it told
  bool for_us_ = false;                         // the last event was a question, or a tick
  bool news_ = false;
};

}  // namespace prun::detail
