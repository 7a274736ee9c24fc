#include "trial.hpp"

namespace {

bool is_odd_prime(std::uint64_t n) {
  if (n < 3) return false;
  for (std::uint64_t divisor = 3; divisor * divisor <= n; divisor += 2) {
    if (n % divisor == 0) return false;
  }
  return true;
}

}  // namespace

std::uint64_t search_by_trial(Range range, int rank, int size, std::vector<std::uint64_t>* found) {
  std::uint64_t count = 0;
  const auto take = [&](std::uint64_t prime) {
    ++count;
    if (found != nullptr) found->push_back(prime);
  };
  if (rank == 0 && range.low <= 2 && range.high > 2) take(2);
  const std::uint64_t first_odd = range.low + (range.low % 2 == 0 ? 1 : 0);
  const auto step = 2 * static_cast<std::uint64_t>(size);
  for (std::uint64_t n = first_odd + 2 * static_cast<std::uint64_t>(rank); n < range.high;
       n += step) {
    if (is_odd_prime(n)) take(n);
  }
  return count;
}
