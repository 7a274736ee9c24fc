#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include <prun/prun.hpp>

#include "options.hpp"

// What one rank has done. Travels as it lies: fixed widths, so boards of 32 and 64 bits agree.
struct Share {
  std::uint64_t primes = 0;
  double seconds = 0;  // of searching
};

// The table of who found how many, and the totals. `seconds` is what all of it took at rank 0.
void report(std::FILE* out, const Options& options, const prun::Communicator& world,
            const std::vector<Share>& shares, double seconds);
