#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

namespace prun::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What is told of a series of times, in seconds.
struct Summary {
  double median = 0;
  double p99 = 0;  // the time that 99 of 100 do not exceed (nearest rank)
  double minimum = 0;
};

// Of at least one sample; each is multiplied by `unit` first.
Summary summarize(std::vector<double> samples, double unit = 1.0);

// Times of several ranks, `samples` each, one rank behind the other: per sample the average over
// the first `ranks`, and the time of the slowest.
struct AcrossRanks {
  std::vector<double> average;
  std::vector<double> slowest;
};
AcrossRanks combine_ranks(std::span<const double> times, std::size_t samples, std::size_t ranks);

// How a measurement is divided: `samples` clock readings of `batch` steps each.
struct Plan {
  std::size_t samples = 1;
  std::size_t batch = 1;
};

// A batch is long enough that reading the clock does not show in it. `steps` fixes how many steps
// are made in all; 0: as many as fit `budget_seconds`, at least three.
Plan plan_measurement(double step_seconds, double budget_seconds, std::size_t steps, bool may_batch,
                      std::size_t max_samples);

}  // namespace prun::bench
