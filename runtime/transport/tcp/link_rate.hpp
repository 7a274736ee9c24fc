#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace prun::transport {

// What a link carries, from what TCP has measured at moments when the socket took no more: a median,
// since a single measurement may have met a burst or a pause. A plain object of one thread.
class LinkRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Whether it is time for another measurement: close together at first, then now and then.
  bool due(TimePoint now) const;
  void add(TimePoint now, double bytes_per_second);
  // Bytes per second; nothing before there are enough measurements.
  std::optional<double> value() const;

 private:
  static constexpr std::size_t enough = 3;
  static constexpr std::size_t kept = 7;

  std::array<double, kept> newest_{};
  std::size_t count_ = 0;  // of all so far
  TimePoint last_{};
};

// The rate at which the peer of this TCP socket has acknowledged data lately, in bytes per second;
// nothing where the kernel cannot tell (before Linux 4.9) or has nothing to tell yet.
std::optional<double> delivery_rate(int socket);

}  // namespace prun::transport
