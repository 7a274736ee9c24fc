// clock_watch SECONDS quiet|load
//
// For virtual hosts, which all have one real clock behind the one that PRUN_CLOCK_SKEW makes them
// see: holds every reading of the job's clock against the truth. Rank 0's host must not be named in
// PRUN_CLOCK_SKEW. Prints a line: the worst error and the worst bound of all ranks in microseconds,
// how many readings were beyond their bound, how many ran backwards, and by how much ranks left
// barrier_until too early or too late, the earliest and the latest of all.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

#include <prun/prun.hpp>

#include "runtime/clock/local_clock.hpp"

namespace {

using namespace std::chrono_literals;
using prun::clock::LocalClock;
using prun::clock::Nanoseconds;

struct Findings {
  std::int64_t readings = 0;
  std::int64_t worst_error = 0;
  std::int64_t worst_bound = 0;
  std::int64_t beyond_bound = 0;
  std::int64_t backwards = 0;
  std::int64_t earliest = 0;  // leaving barrier_until, from the instant
  std::int64_t latest = 0;
};

Findings worse(const Findings& a, const Findings& b) {
  return {a.readings + b.readings,
          std::max(a.worst_error, b.worst_error),
          std::max(a.worst_bound, b.worst_bound),
          a.beyond_bound + b.beyond_bound,
          a.backwards + b.backwards,
          std::min(a.earliest, b.earliest),
          std::max(a.latest, b.latest)};
}

class Watch {
 public:
  explicit Watch(prun::Clock& clock) : clock_(clock) {}

  void look() {
    const Nanoseconds before = LocalClock::system_now();
    const auto reading = clock_.read();
    const Nanoseconds after = LocalClock::system_now();
    // Somebody else had the processor: then nobody knows when the clock was read.
    if (after - before > 20'000) return;
    const Nanoseconds time = reading.time.time_since_epoch().count();
    const Nanoseconds error = std::max(before - time, time - after);
    ++findings.readings;
    findings.worst_error = std::max(findings.worst_error, error);
    findings.worst_bound = std::max<std::int64_t>(findings.worst_bound, reading.error.count());
    if (error > reading.error.count()) ++findings.beyond_bound;
    if (time < last_) ++findings.backwards;
    last_ = time;
  }

  Findings findings;

 private:
  prun::Clock& clock_;
  Nanoseconds last_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  if (argc != 3) return 64;
  const auto seconds = std::chrono::seconds(std::atoi(argv[1]));
  const bool load = std::string_view(argv[2]) == "load";
  auto& world = env.world();
  auto& clock = env.clock();
  Watch watch(clock);
  const auto end = clock.barrier_until(world) + seconds;
  std::vector<std::byte> bulk(static_cast<std::size_t>(world.size()) << 16);
  for (;;) {
    for (int i = 0; i < 20; ++i) {
      watch.look();
      clock.sleep_until(clock.now() + 5ms);
    }
    if (load) world.alltoall(bulk);
    const auto instant = clock.barrier_until(world);
    const std::int64_t off = LocalClock::system_now() - instant.time_since_epoch().count();
    watch.findings.earliest = std::min(watch.findings.earliest, off);
    watch.findings.latest = std::max(watch.findings.latest, off);
    if (instant >= end) break;
  }
  const auto all = world.gather(watch.findings, 0);
  if (world.rank() != 0) return 0;
  Findings sum;
  for (const auto& each : all) sum = worse(sum, each);
  std::cout << "readings " << sum.readings << " error " << sum.worst_error / 1000 << " bound "
            << sum.worst_bound / 1000 << " beyond " << sum.beyond_bound << " backwards "
            << sum.backwards << " left " << sum.earliest / 1000 << ' ' << sum.latest / 1000 << '\n';
}
