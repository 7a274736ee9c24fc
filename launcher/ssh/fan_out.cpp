#include "launcher/ssh/fan_out.hpp"

#include <utility>

namespace prun::ssh {

void FanOut::enter(std::function<void()> begin) {
  if (free_ == 0) {
    waiting_.push_back(std::move(begin));
    return;
  }
  --free_;
  begin();
}

void FanOut::leave() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  const auto begin = std::move(waiting_.front());
  waiting_.pop_front();
  begin();
}

}  // namespace prun::ssh
