#pragma once

#include <chrono>
#include <optional>

namespace prun {

// Until when a wait may last. Made from a duration ("from now"), a steady_clock time point, or
// nothing: for ever.
//   world.recv<int>(1, 7, std::chrono::seconds(2));
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  constexpr Deadline() = default;
  Deadline(Clock::time_point at) : at_(at) {}
  template <class Rep, class Period>
  Deadline(std::chrono::duration<Rep, Period> from_now)
      : at_(Clock::now() + std::chrono::ceil<Clock::duration>(from_now)) {}

  const std::optional<Clock::time_point>& at() const { return at_; }
  bool passed() const { return at_ && Clock::now() >= *at_; }

 private:
  std::optional<Clock::time_point> at_;
};

}  // namespace prun
