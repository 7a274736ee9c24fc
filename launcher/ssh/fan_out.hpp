#pragma once

#include <cstddef>
#include <deque>
#include <functional>

namespace prun::ssh {

// Lets so many logins be under way at once and no more: what sshd and a home router bear. One
// thread.
class FanOut {
 public:
  explicit FanOut(std::size_t window) : free_(window > 0 ? window : 1) {}

  // Calls `begin` at once or when its turn has come.
  void enter(std::function<void()> begin);
  // One that had begun is over, well or badly.
  void leave();
  // Those still waiting never begin.
  void cancel() { waiting_.clear(); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  std::size_t free_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace prun::ssh
