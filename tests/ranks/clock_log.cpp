// clock_log
//
// For virtual hosts, which all have one real clock behind those that PRUN_CLOCK_SKEW makes them see:
// each rank notes what the job's clock shows and when that was in truth, a hundred times a second.
// Prints "up" when the clock has run for two seconds; goes on until rank 0 has been lost and started
// again and a second more, and prints its notes: lines of
//
//   rank incarnation, true time before and behind the reading, the reading, its bound (nanoseconds)
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include <prun/prun.hpp>

#include "runtime/clock/local_clock.hpp"

namespace {

using namespace std::chrono_literals;
using prun::clock::LocalClock;
using prun::clock::Nanoseconds;

constexpr Nanoseconds pace = 10'000'000;

// Reads the clock in a thread of its own: its rank waits for others meanwhile.
class Log {
 public:
  explicit Log(prun::Clock& clock) : clock_(clock), thread_([this] { write(); }) {}

  void print(int rank, int incarnation) {
    over_ = true;
    thread_.join();
    for (const Note& note : notes_) {
      std::printf("%d %d %lld %lld %lld %lld\n", rank, incarnation,
                  static_cast<long long>(note.before), static_cast<long long>(note.after),
                  static_cast<long long>(note.reading.time.time_since_epoch().count()),
                  static_cast<long long>(note.reading.error.count()));
    }
  }

 private:
  struct Note {
    Nanoseconds before;
    prun::Clock::Reading reading;
    Nanoseconds after;
  };

  // All hosts at the same moments.
  void write() {
    while (!over_) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(pace - LocalClock::system_now() % pace));
      const Nanoseconds before = LocalClock::system_now();
      const auto reading = clock_.read();
      notes_.push_back({before, reading, LocalClock::system_now()});
    }
  }

  prun::Clock& clock_;
  std::vector<Note> notes_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  auto& clock = env.clock();
  Log log(clock);
  if (env.incarnation() == 0) {
    clock.sleep_until(clock.now() + 2s);
    std::puts("up");
    const auto rank_0_is_back = [&] {
      const auto waiting = env.waiting();
      return std::find(waiting.begin(), waiting.end(), 0) != waiting.end();
    };
    while (!rank_0_is_back()) std::this_thread::sleep_for(5ms);
  }
  const prun::Communicator all = env.restore();
  if (all.size() != env.world().size()) env.abort(9, "not everybody is back");
  clock.sleep_until(clock.barrier_until(all) + 1s);
  log.print(all.rank(), env.incarnation());
}
