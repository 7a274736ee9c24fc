#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/clock/clock_page.hpp"

namespace prun::detail {

class World;

// What stands behind a Clock: the page that the agent writes, or the own clock where there is none.
// Any thread. The one that made it, by Environment::clock, uses the World.
class ClockState {
 public:
  // Alone.
  ClockState() = default;
  ClockState(clock::ClockPage page, std::weak_ptr<World> world)
      : page_(std::move(page)), local_(page_->local()), world_(std::move(world)) {}

  // Never less than before, in this process.
  clock::Reading read();

  // Returns at that time of the job. The thread that uses the World serves it meanwhile.
  void sleep_until(clock::Nanoseconds when);

 private:
  std::optional<clock::ClockPage> page_;
  clock::LocalClock local_;
  std::weak_ptr<World> world_;  // outlived by threads that read
  std::thread::id owner_ = std::this_thread::get_id();
  std::mutex last_guard_;
  clock::Nanoseconds last_ = 0;
};

}  // namespace prun::detail
