#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <prun/communicator.hpp>

namespace prun {

namespace detail {
class ClockState;  // runtime/comm
}

class Clock;

// A call that is to come: Clock::at. Its destructor withdraws it, or waits for its end where it has
// begun.
class ScheduledCall {
 public:
  ScheduledCall(ScheduledCall&& other) noexcept;
  ScheduledCall& operator=(ScheduledCall&& other) noexcept;
  ~ScheduledCall();

  // Waits until it was made. Nothing where it was withdrawn.
  void wait();
  // False where it is too late: it has begun.
  bool cancel();

 private:
  friend class Clock;
  struct State;
  explicit ScheduledCall(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// One time for all ranks of a job, wherever they run: Environment::clock().
//
//   prun::Clock& clock = env.clock();
//   const auto start = clock.barrier_until(world);   // all ranks leave this at the same instant
//   play(film);
//   clock.sleep_until(start + std::chrono::seconds(90));
//
// It is the clock of one host, that of rank 0 as long as it is there; the agents of the other hosts
// ask for it twice a second, so that it goes on while a rank computes, and it costs about 400 bytes a
// second. Where a job goes on without that host another goes on with the time as it knows it. It never
// goes back, and goes forward smoothly. It counts from no date: it tells durations, and the same on all
// ranks.
//
// Within a host all ranks read the very same clock. Between hosts a reading carries the bound of its
// error (Reading::error): the true time of that host lies within, as long as clocks keep their rate
// to 1 part per million within three minutes. docs/clock.md says what to expect.
//
// now, read, at and sleep_until of other threads than the one that uses the Environment are allowed;
// barrier_until is not.
class Clock {
 public:
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;

  struct Reading {
    time_point time;
    duration error;  // the time of the host that leads is no farther from `time` than this
  };

  explicit Clock(std::shared_ptr<detail::ClockState> state) : state_(std::move(state)) {}

  time_point now() const { return read().time; }
  Reading read() const;

  // Returns at that time, or at once when it has passed. Messages that come meanwhile are taken in
  // where the thread is the one that uses the Environment.
  void sleep_until(time_point when);

  // Collective: everybody leaves at one instant, which it returns: as soon as all can be expected to
  // know of it, but not before `earliest`. A rank that is held up by its host so long that it learns
  // of the instant too late leaves at once; now() tells it. Errors as for barrier.
  time_point barrier_until(const Communicator& members, time_point earliest = {});

  // Calls `function` at that time, in a thread of its own. What it throws ends the program. See
  // ScheduledCall.
  [[nodiscard]] ScheduledCall at(time_point when, std::function<void()> function);

 private:
  std::shared_ptr<detail::ClockState> state_;
};

}  // namespace prun
