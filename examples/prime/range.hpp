#pragma once

#include <algorithm>
#include <cstdint>

// The whole numbers from low up to, but not including, high.
struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

// The part of a range that falls to one of `parts` who share it: parts follow one another and
// differ by one number at most.
inline Range part_of(Range whole, int part, int parts) {
  const auto index = static_cast<std::uint64_t>(part);
  const auto count = static_cast<std::uint64_t>(parts);
  const std::uint64_t width = (whole.high - whole.low) / count;
  const std::uint64_t longer = (whole.high - whole.low) % count;  // so many have one number more
  const std::uint64_t low = whole.low + width * index + std::min(index, longer);
  return {low, low + width + (index < longer ? 1 : 0)};
}
