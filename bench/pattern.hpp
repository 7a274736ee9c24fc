#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

// What messages hold while they are verified: every value follows from the rank that made it and
// from its index, so that a part that is missing, misplaced or another rank's is noticed. Unless text
// is asked for it cannot be compressed, so that a link is measured and not a compressor.
namespace prun::bench {

class VerificationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void fill_pattern(std::span<std::byte> data, std::uint64_t seed);
// Throws VerificationError, naming `what` and the first index that differs.
void check_pattern(std::span<const std::byte> data, std::uint64_t seed, std::string_view what);
// What messages are made of where that is a choice: data that cannot be compressed, or prose.
enum class Payload : std::uint8_t { random, text };

void fill_payload(Payload payload, std::span<std::byte> data, std::uint64_t seed);
void check_payload(Payload payload, std::span<const std::byte> data, std::uint64_t seed,
                   std::string_view what);
// Values that no pattern leaves standing, to find what was never written.
void fill_other(std::span<std::byte> data, std::uint64_t seed);

// Small whole numbers, so that sums over many ranks are exact in a float in any order.
// `first_index` is where the data begins in the whole vector.
void fill_numbers(std::span<float> data, int rank);
// Against the sum of what ranks 0 to `ranks` - 1 filled in.
void check_sums(std::span<const float> data, int ranks, std::size_t first_index,
                std::string_view what);

}  // namespace prun::bench
