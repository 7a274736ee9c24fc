#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prun::clock {

using Nanoseconds = std::int64_t;

// How a host's clock is made to look wrong, for tests: seconds off and too fast or too slow, as those
// of real boards are.
struct Skew {
  Nanoseconds offset = 0;
  std::int32_t parts_per_billion = 0;

  bool operator==(const Skew&) const = default;
};

// What PRUN_CLOCK_SKEW says of a host: entries by commas, each HOST=OFFSET_SECONDS/PARTS_PER_MILLION,
// e.g. "rpi2=3.5/200,rpi3=-1/-150". None for hosts that it does not name; nothing where the text
// cannot be read, or an entry is beyond 1000 seconds or 500 parts per million.
std::optional<Skew> parse_skew(std::string_view text, std::string_view host);

// The clock of this host that everything here counts in: CLOCK_MONOTONIC_RAW, which no time daemon
// speeds up or slows down, through a skew if there is one. A plain value; any thread.
class LocalClock {
 public:
  LocalClock() = default;
  explicit LocalClock(const Skew& skew) : skew_(skew) {}

  Nanoseconds now() const { return skewed(system_now()); }
  // What it shows while the system's shows that.
  Nanoseconds skewed(Nanoseconds system) const;
  const Skew& skew() const { return skew_; }

  static Nanoseconds system_now();

 private:
  Skew skew_;
};

}  // namespace prun::clock
