#include <prun/clock.hpp>
#include <prun/environment.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "runtime/comm/awaited.hpp"
#include "runtime/comm/clock_state.hpp"
#include "runtime/comm/world.hpp"

namespace prun {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// A sleep ends late by about this much; what is left is spun away.
constexpr nanoseconds lateness_of_sleep = microseconds(150);

// How long it takes until the hosts agree is a few round trips; the rest is for a loaded network.
constexpr std::chrono::seconds patience_for_clock{10};

// Beyond what the members have just needed to hear of each other.
constexpr nanoseconds barrier_margin = std::chrono::milliseconds(1);

}  // namespace

namespace detail {

clock::Reading ClockState::read() {
  const auto local = local_.now();
  const auto line = page_ ? page_->line() : std::nullopt;
  clock::Reading reading = line ? line->at(local) : clock::Reading{local, 0};
  const std::lock_guard guard(last_guard_);
  last_ = std::max(last_, reading.time);
  reading.time = last_;
  return reading;
}

void ClockState::sleep_until(clock::Nanoseconds when) {
  const auto left = [&] { return nanoseconds(when - read().time); };
  const bool serves = std::this_thread::get_id() == owner_;
  while (left() > 2 * lateness_of_sleep) {
    const auto world = serves ? world_.lock() : nullptr;
    const auto nap = left() - lateness_of_sleep;
    if (world && !world->finalized()) {
      world->wait([] { return false; }, Deadline(nap), WaitingBesides("sleep_until"));
    } else {
      std::this_thread::sleep_for(nap);
    }
  }
  while (left() > nanoseconds(0)) {
  }
}

std::shared_ptr<ClockState> World::join_clock(const std::shared_ptr<World>& world) {
  world->check_usable();
  if (!world->channel_) return std::make_shared<ClockState>();
  const int descriptor = world->channel_->welcome().clock;
  if (descriptor < 0) {
    throw Error(Errc::resource,
                world->name(world->rank_) + ": there is no clock: its host had no memory for one");
  }
  auto page = clock::ClockPage::open(descriptor);
  if (!page) page.failure().raise();
  world->channel_->want_clock();
  if (!world->wait([&] { return world->clock_ready_; }, Deadline(patience_for_clock),
                   WaitingBesides("clock"))) {
    throw Error(Errc::timed_out, world->name(world->rank_) +
                                     ": the time of the job was not to be had within " +
                                     std::to_string(patience_for_clock.count()) +
                                     " s; does a firewall between the hosts drop UDP?");
  }
  return std::make_shared<ClockState>(std::move(page).value(), world);
}

}  // namespace detail

Clock& Environment::clock() {
  if (!clock_) clock_ = std::make_unique<Clock>(detail::World::join_clock(state_));
  return *clock_;
}

Clock::Reading Clock::read() const {
  const auto reading = state_->read();
  return {time_point(duration(reading.time)), duration(reading.error)};
}

void Clock::sleep_until(time_point when) {
  state_->sleep_until(when.time_since_epoch().count());
}

Clock::time_point Clock::barrier_until(const Communicator& members, time_point earliest) {
  members.barrier();
  // How long a word to all takes now that all are here.
  const auto begun = now();
  members.allreduce(begun.time_since_epoch().count(), prun::max);
  const auto heard = now();
  const auto soon = std::max(earliest, heard + 3 * (heard - begun) + barrier_margin);
  const auto instant = members.allreduce(soon.time_since_epoch().count(), prun::max);
  sleep_until(time_point(duration(instant)));
  return time_point(duration(instant));
}

struct ScheduledCall::State {
  std::mutex guard;
  std::condition_variable changed;
  bool cancelled = false;
  bool begun = false;
  std::thread thread;
};

ScheduledCall Clock::at(time_point when, std::function<void()> function) {
  auto state = std::make_unique<ScheduledCall::State>();
  state->thread =
      std::thread([clock = state_, when, function = std::move(function), at = state.get()] {
        const auto left = [&] { return when.time_since_epoch() - nanoseconds(clock->read().time); };
        {
          std::unique_lock lock(at->guard);
          while (!at->cancelled && left() > 2 * lateness_of_sleep)
            at->changed.wait_for(lock, left() - lateness_of_sleep);
          if (at->cancelled) return;
          at->begun = true;
        }
        clock->sleep_until(when.time_since_epoch().count());
        function();
      });
  return ScheduledCall(std::move(state));
}

ScheduledCall::ScheduledCall(std::unique_ptr<State> state) : state_(std::move(state)) {}

ScheduledCall::ScheduledCall(ScheduledCall&&) noexcept = default;

ScheduledCall& ScheduledCall::operator=(ScheduledCall&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  wait();
  state_ = std::move(other.state_);
  return *this;
}

ScheduledCall::~ScheduledCall() {
  cancel();
  wait();
}

void ScheduledCall::wait() {
  if (state_ && state_->thread.joinable()) state_->thread.join();
}

bool ScheduledCall::cancel() {
  if (!state_) return false;
  const std::lock_guard guard(state_->guard);
  if (state_->begun) return false;
  state_->cancelled = true;
  state_->changed.notify_all();
  return true;
}

}  // namespace prun
