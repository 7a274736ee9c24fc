#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace prun::bench {

namespace {

// Reading the clock takes 20 to 60 ns where the kernel serves it without a system call; a batch of
// this length keeps that below two percent.
constexpr double shortest_batch_seconds = 3e-6;
constexpr double longest_batch_steps = 1000;
constexpr std::size_t fewest_samples = 3;
// A fixed number of steps is still divided into so many samples that a median means something.
constexpr std::size_t samples_of_fixed_steps = 20;

}  // namespace

Summary summarize(std::vector<double> samples, double unit) {
  std::sort(samples.begin(), samples.end());
  const std::size_t count = samples.size();
  const std::size_t middle = count / 2;
  const double median =
      count % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  const auto nearest_rank =
      static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(count))) - 1;
  return {median * unit, samples[nearest_rank] * unit, samples.front() * unit};
}

AcrossRanks combine_ranks(std::span<const double> times, std::size_t samples, std::size_t ranks) {
  AcrossRanks across;
  across.average.assign(samples, 0.0);
  across.slowest.assign(samples, 0.0);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    for (std::size_t i = 0; i < samples; ++i) {
      const double time = times[rank * samples + i];
      across.average[i] += time / static_cast<double>(ranks);
      across.slowest[i] = std::max(across.slowest[i], time);
    }
  }
  return across;
}

Plan plan_measurement(double step_seconds, double budget_seconds, std::size_t steps, bool may_batch,
                      std::size_t max_samples) {
  const double step = std::max(step_seconds, 1e-9);
  double batch = 1;
  if (may_batch) {
    batch = std::clamp(std::ceil(shortest_batch_seconds / step), 1.0, longest_batch_steps);
  }
  Plan plan;
  plan.batch = static_cast<std::size_t>(batch);
  if (steps > 0) {
    plan.batch = std::clamp<std::size_t>(steps / samples_of_fixed_steps, 1, plan.batch);
    plan.samples = (steps + plan.batch - 1) / plan.batch;
    return plan;
  }
  const double fitting = budget_seconds / (step * batch);
  plan.samples = static_cast<std::size_t>(
      std::clamp(fitting, static_cast<double>(fewest_samples), static_cast<double>(max_samples)));
  return plan;
}

}  // namespace prun::bench
