#include "bench/pattern.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "bench/mixed.hpp"
#include "bench/text.hpp"

namespace prun::bench {

namespace {

// Nothing in it comes twice, so no compression shortens it, and a part that is in another's place
// looks different.
std::uint8_t byte_at(std::uint64_t seed, std::size_t index) {
  return static_cast<std::uint8_t>(mixed(seed, index / 8) >> (8 * (index % 8)));
}

// Sums of up to 64 of them are exact in a float's 24 bits.
constexpr std::uint64_t largest_number = (1u << 18) - 1;

float number_at(int rank, std::size_t index) {
  return static_cast<float>(mixed(static_cast<std::uint64_t>(rank), index) & largest_number);
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
  // More ranks than keep the sum exact: each addition may be off by half a unit of the last place.
  const double tolerance = ranks <= 64 ? 0.5 : ranks;
  for (std::size_t i = 0; i < data.size(); ++i) {
    double expected = 0;
    for (int rank = 0; rank < ranks; ++rank)
      expected += static_cast<double>(number_at(rank, first_index + i));
    // Written so that a NaN is a difference too.
    if (!(std::abs(static_cast<double>(data[i]) - expected) < tolerance)) {
      differs(what, "element", first_index + i, std::to_string(data[i]), std::to_string(expected));
    }
  }
}

void fill_payload(Payload payload, std::span<std::byte> data, std::uint64_t seed) {
  if (payload == Payload::text) {
    fill_text(data, seed);
  } else {
    fill_pattern(data, seed);
  }
}

void check_payload(Payload payload, std::span<const std::byte> data, std::uint64_t seed,
                   std::string_view what) {
  if (payload == Payload::random) return check_pattern(data, seed, what);
  std::vector<std::byte> expected(data.size());
  fill_text(expected, seed);
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] != expected[i]) {
      differs(what, "byte", i, std::to_string(std::to_integer<int>(data[i])),
              std::to_string(std::to_integer<int>(expected[i])));
    }
  }
}

}  // namespace prun::bench
