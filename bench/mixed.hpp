#pragma once

#include <cstdint>

namespace prun::bench {

// A number that follows from the two and looks as if it did not (the finalizer of SplitMix64: Steele,
// Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
constexpr std::uint64_t mixed(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t value = (seed * 0xd1342543de82ef95 + index + 1) * 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace prun::bench
