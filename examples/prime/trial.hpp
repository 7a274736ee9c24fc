#pragma once

#include <cstdint>
#include <vector>

#include "range.hpp"

// How many primes lie in the range among the numbers that fall to this rank, found by dividing by
// every odd number up to the root. Ranks take odd numbers in turn, so that each gets as many of the
// large ones, which take longest. `found`, where given, receives the primes in ascending order.
std::uint64_t search_by_trial(Range range, int rank, int size, std::vector<std::uint64_t>* found);
