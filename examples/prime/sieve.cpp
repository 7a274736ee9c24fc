#include "sieve.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace {

// Bytes of a segment. The shorter one fits the first-level cache of every board from the Pi 2 on;
// long ranges need the longer one, or most base primes would have no multiple in a segment and
// looking at them would cost more than striking out.
constexpr std::size_t short_segment = std::size_t{1} << 15;
constexpr std::size_t long_segment = std::size_t{1} << 19;

// Odd primes whose multiples are copied in from a pattern of their product's length in bytes. They
// would be more than half of all striking out.
constexpr std::uint32_t pattern_primes[] = {3, 5, 7, 11, 13};
constexpr std::size_t pattern_length = 3 * 5 * 7 * 11 * 13;

std::uint32_t floor_of_root(std::uint64_t number) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(number)));
  while (root * root > number) --root;  // a double is exact to 53 bits only
  while ((root + 1) * (root + 1) <= number) ++root;
  return static_cast<std::uint32_t>(root);
}

std::vector<std::uint32_t> odd_primes_up_to(std::uint32_t last) {
  std::vector<std::uint32_t> primes;
  std::vector<bool> composite(last / 2 + 1);  // i stands for 2 * i + 1
  for (std::uint64_t n = 3; n <= last; n += 2) {
    if (composite[static_cast<std::size_t>(n / 2)]) continue;
    primes.push_back(static_cast<std::uint32_t>(n));
    for (std::uint64_t m = n * n; m <= last; m += 2 * n) {
      composite[static_cast<std::size_t>(m / 2)] = true;
    }
  }
  return primes;
}

}  // namespace

Sieve::Sieve(std::uint64_t limit) : pattern_(pattern_length, 1) {
  const std::uint32_t root = floor_of_root(limit);
  base_ = odd_primes_up_to(root);
  is_prime_.resize(std::clamp(std::size_t{root} / 2, short_segment, long_segment));
  for (const std::uint32_t prime : pattern_primes) {
    for (std::size_t i = prime / 2; i < pattern_length; i += prime) pattern_[i] = 0;
  }
}

std::uint64_t Sieve::search(Range range, std::vector<std::uint64_t>* found) {
  std::uint64_t count = 0;
  next_.clear();
  if (range.low <= 2 && range.high > 2) {
    ++count;
    if (found != nullptr) found->push_back(2);
  }
  std::uint64_t start = range.low - range.low % 2;
  while (start < range.high) {
    const auto length = static_cast<std::size_t>(
        std::min<std::uint64_t>(is_prime_.size(), (range.high - start) / 2));
    if (length == 0) break;
    strike(start, length);
    const auto end = is_prime_.begin() + static_cast<std::ptrdiff_t>(length);
    count += static_cast<std::uint64_t>(std::count(is_prime_.begin(), end, std::uint8_t{1}));
    if (found != nullptr) {
      for (auto at = std::find(is_prime_.begin(), end, std::uint8_t{1}); at != end;
           at = std::find(at + 1, end, std::uint8_t{1})) {
        found->push_back(start + 2 * static_cast<std::uint64_t>(at - is_prime_.begin()) + 1);
      }
    }
    start += 2 * std::uint64_t{length};
  }
  return count;
}

void Sieve::strike(std::uint64_t start, std::size_t length) {
  std::uint8_t* const is_prime = is_prime_.data();

  // The pattern struck out its own primes too; they are put back where they belong.
  auto phase = static_cast<std::size_t>(start / 2 % pattern_length);
  for (std::size_t filled = 0; filled < length; phase = 0) {
    const std::size_t run = std::min(length - filled, pattern_length - phase);
    std::copy_n(pattern_.data() + phase, run, is_prime + filled);
    filled += run;
  }
  if (start == 0) is_prime[0] = 0;  // one is not a prime
  for (const std::uint32_t prime : pattern_primes) {
    if (prime > start && (prime - start) / 2 < length) is_prime[(prime - start) / 2] = 1;
  }

  // A base prime comes into use with the first segment that reaches its square.
  const std::uint64_t end = start + 2 * std::uint64_t{length};
  while (next_.size() < base_.size()) {
    const std::uint64_t prime = base_[next_.size()];
    if (prime * prime >= end) break;
    std::uint64_t multiple = prime * prime;
    if (multiple < start) {
      multiple = (start + prime - 1) / prime * prime;
      if (multiple % 2 == 0) multiple += prime;
    }
    next_.push_back(static_cast<std::uint32_t>((multiple - start) / 2));
  }

  const std::size_t in_use = next_.size();
  for (std::size_t b = std::size(pattern_primes); b < in_use; ++b) {
    const std::size_t prime = base_[b];
    std::size_t i = next_[b];
    for (; i < length; i += prime) is_prime[i] = 0;
    next_[b] = static_cast<std::uint32_t>(i - length);
  }
}
