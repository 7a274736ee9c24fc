#pragma once

#include <algorithm>
#include <cstddef>

namespace prun::transport {

// How much bulk may stand before a small frame: in the kernel, not yet sent (TCP_NOTSENT_LOWAT),
// and in the segment that has begun. As long as the wire takes 1.3 ms for it, which is 16 KiB at
// 100 Mbit/s, by the speed at which the peer has lately confirmed data. Shorter would be more
// wake-ups than a small board takes; longer makes small messages wait.
//
// A plain object of one thread.
class UnsentLimit {
 public:
  static constexpr double seconds_of_wire = 0.00131;
  // Below this, headers and wake-ups cost more than is gained: 3.3 ms at 10 Mbit/s.
  static constexpr std::size_t smallest = 4u << 10;
  static constexpr std::size_t initial = 16u << 10;
  static constexpr std::size_t largest = 256u << 10;

  std::size_t bytes() const { return bytes_; }
  // Two of them fill it.
  std::size_t segment_bytes() const { return std::max(bytes_ / 2, smallest); }

  // A measurement. True if the limit has changed: by a quarter at least, so that it rests while
  // nothing happens.
  bool on_speed(double bytes_per_second) {
    average_ += (bytes_per_second - average_) * newest_share;
    if (average_ > speed_ * 0.8 && average_ < speed_ * 1.25) return false;
    speed_ = average_;
    bytes_ = static_cast<std::size_t>(std::clamp(
        speed_ * seconds_of_wire, static_cast<double>(smallest), static_cast<double>(largest)));
    return true;
  }

 private:
  static constexpr double newest_share = 0.25;

  double average_ = initial / seconds_of_wire;
  double speed_ = initial / seconds_of_wire;
  std::size_t bytes_ = initial;
};

}  // namespace prun::transport
