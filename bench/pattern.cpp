#include "bench/pattern.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace prun::bench {

namespace {

// A prime period: parts of a power of two in length that are swapped do not look alike.
constexpr std::size_t period = 251;
constexpr std::size_t number_period = 97;

std::uint8_t byte_at(std::uint64_t seed, std::size_t index) {
  return static_cast<std::uint8_t>((index % period) + (index / period) * 7 + seed * 37);
}

float number_at(int rank, std::size_t index) {
  return static_cast<float>((index * 5 + static_cast<std::size_t>(rank) * 31) % number_period);
}

[[noreturn]] void differs(std::string_view what, std::string_view unit, std::size_t index,
                          const std::string& found, const std::string& expected) {
  throw VerificationError(std::string(what) + ": " + std::string(unit) + " " +
                          std::to_string(index) + " is " + found + ", expected " + expected);
}

}  // namespace

void fill_pattern(std::span<std::byte> data, std::uint64_t seed) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = std::byte{byte_at(seed, i)};
}

void fill_other(std::span<std::byte> data, std::uint64_t seed) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = ~std::byte{byte_at(seed, i)};
}

void check_pattern(std::span<const std::byte> data, std::uint64_t seed, std::string_view what) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::uint8_t expected = byte_at(seed, i);
    if (std::to_integer<std::uint8_t>(data[i]) != expected) {
      differs(what, "byte", i, std::to_string(std::to_integer<int>(data[i])),
              std::to_string(expected));
    }
  }
}

void fill_numbers(std::span<float> data, int rank) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = number_at(rank, i);
}

void check_sums(std::span<const float> data, int ranks, std::size_t first_index,
                std::string_view what) {
  std::array<double, number_period> sums{};
  for (std::size_t i = 0; i < number_period; ++i) {
    for (int rank = 0; rank < ranks; ++rank) sums[i] += static_cast<double>(number_at(rank, i));
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    const double expected = sums[(first_index + i) % number_period];
    // Exact by construction; written so that a NaN is a difference too.
    if (!(std::abs(static_cast<double>(data[i]) - expected) < 0.5)) {
      differs(what, "element", first_index + i, std::to_string(data[i]), std::to_string(expected));
    }
  }
}

}  // namespace prun::bench
