#include "bench/harness.hpp"

#include <algorithm>
#include <array>

namespace prun::bench {

namespace {

// Warm-up lasts a tenth of the time spent on the measurement. Of few repetitions that is none:
// verifying has connected what was not connected.
constexpr double warm_up_share = 0.1;
constexpr std::size_t longest_warm_up = 4096;
constexpr std::size_t most_samples_of_one_rank = 10'000;
// Those of several ranks are gathered, which must not take long on a slow link.
constexpr std::size_t most_samples_of_each_rank = 1000;

void make_step(Context& context, Operation& operation) {
  operation.step();
  if (operation.separated()) context.backend.barrier();
}

double timed_steps(Context& context, Operation& operation, std::size_t count) {
  context.backend.barrier();
  const auto start = Clock::now();
  for (std::size_t i = 0; i < count; ++i) make_step(context, operation);
  return seconds_since(start);
}

template <class T>
T from_root(Backend& backend, T value) {
  backend.bcast(std::as_writable_bytes(std::span(&value, 1)), 0);
  return value;
}

// Rank 0's clock decides for all. Returns the seconds of a step, at rank 0.
double warm_up(Context& context, Operation& operation) {
  const Settings& settings = context.settings;
  if (settings.iterations > 0) {
    const std::size_t count = std::min<std::size_t>(settings.iterations / 10, longest_warm_up);
    return count == 0 ? 0 : timed_steps(context, operation, count) / static_cast<double>(count);
  }
  for (std::size_t count = 1;; count *= 2) {
    const double elapsed = timed_steps(context, operation, count);
    const bool enough =
        elapsed >= warm_up_share * settings.budget_seconds || count >= longest_warm_up;
    if (from_root(context.backend, static_cast<std::uint8_t>(enough)) != 0) {
      return elapsed / static_cast<double>(count);
    }
  }
}

Plan agree(Context& context, Operation& operation) {
  const double step_seconds = warm_up(context, operation);
  const Plan plan = plan_measurement(
      step_seconds, context.settings.budget_seconds, context.settings.iterations,
      !operation.separated(),
      operation.timed_ranks() > 1 ? most_samples_of_each_rank : most_samples_of_one_rank);
  const auto agreed =
      from_root(context.backend, std::array<std::uint64_t, 2>{plan.samples, plan.batch});
  return {static_cast<std::size_t>(agreed[0]), static_cast<std::size_t>(agreed[1])};
}

}  // namespace

Result measure(Context& context, Operation& operation, std::uint64_t bytes) {
  Backend& backend = context.backend;
  operation.verify();
  const Plan plan = agree(context, operation);

  std::vector<double> times(plan.samples);
  backend.barrier();
  for (double& time : times) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < plan.batch; ++i) operation.step();
    time = seconds_since(start) / static_cast<double>(plan.batch);
    if (operation.separated()) backend.barrier();
  }
  backend.barrier();

  Result result;
  result.bytes = bytes;
  result.iterations = plan.samples * plan.batch;
  result.batch = plan.batch;
  if (operation.timed_ranks() == 1) {
    result.time = summarize(std::move(times), operation.unit());
    return result;
  }
  std::vector<double> all(plan.samples * static_cast<std::size_t>(backend.size()));
  backend.gather(std::as_bytes(std::span(times)), std::as_writable_bytes(std::span(all)), 0);
  AcrossRanks across =
      combine_ranks(all, plan.samples, static_cast<std::size_t>(operation.timed_ranks()));
  result.time = summarize(std::move(across.average), operation.unit());
  result.slowest = summarize(std::move(across.slowest), operation.unit());
  return result;
}

}  // namespace prun::bench
