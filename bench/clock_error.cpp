#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <prun/prun.hpp>

#include "bench/settings.hpp"

// How far the clock of the job is off, and how far it says it may be, over the time: for virtual
// hosts, which share the one real clock behind what PRUN_CLOCK_SKEW makes of it. Rank 0's host must
// not be named there. Operations: clock_idle, and clock_loaded with the links full of other things.
namespace prun::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr Clock::duration bin = milliseconds(250);  // of which the worst reading counts
constexpr Clock::duration between_readings = milliseconds(5);

// Somebody else had the processor in between: then nobody knows when the clock was read.
constexpr std::int64_t longest_reading_ns = 20'000;

std::int64_t real_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// The worst of a bin, in seconds.
struct Worst {
  std::vector<double> error;
  std::vector<double> bound;
  std::uint64_t beyond = 0;  // readings whose error was larger than their bound
};

void look(const Clock& clock, Worst& worst) {
  const std::int64_t before = real_time_ns();
  const Clock::Reading reading = clock.read();
  const std::int64_t after = real_time_ns();
  if (after - before > longest_reading_ns) return;
  const std::int64_t time = reading.time.time_since_epoch().count();
  const std::int64_t error = std::max({before - time, time - after, std::int64_t{0}});
  constexpr double ns = 1e-9;
  worst.error.back() = std::max(worst.error.back(), static_cast<double>(error) * ns);
  worst.bound.back() =
      std::max(worst.bound.back(), static_cast<double>(reading.error.count()) * ns);
  if (error > reading.error.count()) ++worst.beyond;
}

Worst watch(const Communicator& world, Clock& clock, std::size_t bins, bool loaded) {
  // On 100 Mbit Ethernet among four hosts a round takes about all of its time.
  constexpr std::size_t bulk_bytes = std::size_t{160} << 10;
  const std::vector<std::byte> bulk(bulk_bytes * static_cast<std::size_t>(world.size()));
  std::vector<std::byte> taken(bulk.size());
  Worst worst;
  const Clock::time_point start = clock.barrier_until(world);
  for (std::size_t done = 0; done < bins; ++done) {
    worst.error.push_back(0);
    worst.bound.push_back(0);
    const Clock::time_point end = start + static_cast<Clock::rep>(done + 1) * bin;
    // As many rounds everywhere, however long they take.
    constexpr int rounds = 5;
    for (int round = 0; round < rounds; ++round) {
      if (loaded) world.alltoall(bulk, taken);
      const Clock::time_point until = end - (rounds - 1 - round) * (bin / rounds);
      do {
        look(clock, worst);
        clock.sleep_until(std::min(clock.now() + between_readings, until));
      } while (clock.now() < until);
    }
  }
  world.allreduce(in_place, worst.error, prun::max);
  world.allreduce(in_place, worst.bound, prun::max);
  worst.beyond = world.allreduce(worst.beyond, prun::max);
  return worst;
}

nlohmann::json record_of(const std::string& operation, int ranks, const Worst& worst) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < worst.error.size(); ++i) {
    seconds.push_back(std::chrono::duration<double>(bin).count() * static_cast<double>(i));
  }
  std::vector<double> sorted = worst.error;
  std::sort(sorted.begin(), sorted.end());
  return {{"implementation", "prun"},
          {"op", operation},
          {"bytes", 0},
          {"ranks", ranks},
          {"verified", worst.beyond == 0},
          {"median", sorted[sorted.size() / 2]},
          {"worst_error", sorted.back()},
          {"worst_bound", *std::max_element(worst.bound.begin(), worst.bound.end())},
          {"seconds", seconds},
          {"errors", worst.error},
          {"bounds", worst.bound}};
}

int run(int argc, char** argv) {
  Environment env(argc, argv);
  Settings settings;
  CLI::App app("How far the clock of the job is off: clock_idle, clock_loaded. With --json only.",
               "bench_clock");
  add_options(app, settings);
  try {
    app.parse(argc, argv);
    for (const std::string& name : settings.operations) {
      if (name != "clock_idle" && name != "clock_loaded") {
        throw CLI::ValidationError("--op", "there is no operation " + name);
      }
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : exit_usage;
  }
  const auto bins = static_cast<std::size_t>(
      std::max(1.0, settings.budget_seconds / std::chrono::duration<double>(bin).count()));
  Clock& clock = env.clock();
  for (const std::string& name : settings.operations) {
    const Worst worst = watch(env.world(), clock, bins, name == "clock_loaded");
    if (env.world().rank() != 0) continue;
    std::cout << record_of(name, env.world().size(), worst) << std::endl;
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace prun::bench

int main(int argc, char** argv) {
  try {
    return prun::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_clock: " << error.what() << '\n';
    return prun::bench::exit_failed;
  }
}
