#pragma once

#include <prun/deadline.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

#include "runtime/bootstrap/hang_messages.hpp"
#include "runtime/comm/awaited.hpp"

namespace prun::bootstrap {
class RankChannel;
}

namespace prun::detail {

// The sleep of a rank that waits, watched: it tells the agent when nothing has come for a second, and
// when something has after that, and answers the launcher's questions what it waits for. So a rank
// that goes on costs no message, and one that waits for ever costs one. Owned by the World, one
// thread.
class Stillness {
 public:
  // Adds what is known beside the wait itself: communicators, messages, counts.
  using Describe = std::function<void(bootstrap::RankState& state)>;

  explicit Stillness(asio::io_context& io) : io_(io) {}

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
  void tell(bootstrap::Stillness stillness);

  asio::io_context& io_;
  bootstrap::RankChannel* channel_ = nullptr;
  Describe describe_;
  const Waiting* waiting_ = nullptr;  // while asleep
  Clock::time_point since_;           // it sleeps
  bool for_a_time_ = false;
  bool told_ = false;  // that this rank is still
  Clock::time_point told_at_;
  std::chrono::nanoseconds processor_then_{0};  // used by the whole process when it told
  bool asked_ = false;
  bool news_ = false;
};

}  // namespace prun::detail
