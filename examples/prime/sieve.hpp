#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "range.hpp"

// The sieve of Eratosthenes over odd numbers, a segment at a time: a segment stays in the
// processor's cache, so memory is small however long the range is.
class Sieve {
 public:
  // For ranges that end at `limit` or before.
  explicit Sieve(std::uint64_t limit);

  // How many primes lie in the range; `found`, where given, receives them in ascending order.
  std::uint64_t search(Range range, std::vector<std::uint64_t>* found);

 private:
  // Strikes out the composites of a segment. Byte i stands for the odd number start + 2 * i + 1.
  void strike(std::uint64_t start, std::size_t length);

  std::vector<std::uint32_t> base_;     // odd primes whose square lies below the limit
  std::vector<std::uint32_t> next_;     // for those in use, the byte of their next odd multiple
  std::vector<std::uint8_t> pattern_;   // multiples of the smallest primes, which repeat
  std::vector<std::uint8_t> is_prime_;  // the segment
};
