// Ranks that are started again after they were lost (prun --restart): each scenario kills ranks, and
// all that are there check what docs/failures.md promises. A broken promise ends the job with status 9.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <prun/prun.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/ranks/losing.hpp"

namespace {

using namespace std::chrono_literals;

using prun::test::check;
using prun::test::die;
using prun::test::the_env;

// What a task gives: a number that depends on it, and who has made it.
struct Found {
  std::uint64_t square = 0;
  std::int32_t rank = 0;
  std::int32_t incarnation = 0;
};

std::uint64_t square(std::uint64_t value) {
  return value * value + 1;
}

// Each task has its result once.
class Ledger {
 public:
  void take(std::uint64_t number, const Found& found, int rank) {
    check(found.square == square(number), "a wrong result");
    check(found.rank == rank, "a result is told as another's");
    check(taken_[number]++ == 0, "a result counts twice");
    ++by_[found.rank][found.incarnation];
  }
  std::size_t count() const { return taken_.size(); }
  void complete(std::uint64_t count) const { check(taken_.size() == count, "results are missing"); }
  int by(int rank, int incarnation) const {
    const auto of = by_.find(rank);
    if (of == by_.end()) return 0;
    const auto found = of->second.find(incarnation);
    return found == of->second.end() ? 0 : found->second;
  }

 private:
  std::map<std::uint64_t, int> taken_;
  std::map<int, std::map<int, int>> by_;
};

Found work(const prun::Communicator& world, std::uint64_t task) {
  return {square(task), world.rank(), the_env->incarnation()};
}

// The farm goes on until each worker has answered in its so many-th start again. They die in those
// before; or somebody else sees to that once "up" is printed, as all have answered.
void farm_until_all_are_back(const prun::Communicator& world, int wanted, bool by_others) {
  int worked = 0;
  prun::Farm<std::uint64_t, Found> farm(world, [&](const std::uint64_t& task) {
    if (!by_others && world.rank() != 0 && the_env->incarnation() < wanted && ++worked == 3) die();
    std::this_thread::sleep_for(1ms);
    return work(world, task);
  });
  Ledger ledger;
  std::uint64_t next = 0;
  const auto all_in = [&](int incarnation) {
    for (int rank = 1; rank < world.size(); ++rank) {
      if (ledger.by(rank, incarnation) == 0) return false;
    }
    return true;
  };
  bool told = !by_others;
  const auto progress = farm.run(
      [&]() -> std::optional<std::uint64_t> {
        if (all_in(wanted)) return std::nullopt;
        return next++;
      },
      [&](auto... about) {
        ledger.take(about...);
        if (!told && all_in(0)) told = std::puts("up") >= 0;
      });
  if (world.rank() != 0) return;
  ledger.complete(next);
  for (int rank = 1; rank < world.size() && !by_others; ++rank) {
    check(ledger.by(rank, 0) <= 2 && ledger.by(rank, 1) <= 2, "results of the dead");
  }
  check(static_cast<int>(progress.returned.size()) == world.size() - 1 && progress.lost.empty() &&
            progress.lost_hosts.empty() && progress.workers == world.size() - 1,
        "the return of ranks is not told");
}

// Killed at any moment, and again in their later starts: while they join, work, answer, wait.
void farm_at_random(const prun::Communicator& world, unsigned seed) {
  constexpr std::uint64_t count = 600;
  const auto incarnation = static_cast<unsigned>(the_env->incarnation());
  std::mt19937 engine(seed * 1000 + incarnation * 100 + static_cast<unsigned>(world.rank()));
  std::optional<std::thread> killer;
  if (world.rank() != 0 && engine() % 5 != 0) {
    const auto when = std::chrono::microseconds(engine() % 60'000);
    killer.emplace([when] {
      std::this_thread::sleep_for(when);
      die();
    });
    killer->detach();
  }
  prun::Farm<std::uint64_t, Found> farm(world, [&](const std::uint64_t& task) {
    std::this_thread::sleep_for(200us);
    return work(world, task);
  });
  for (int round = 0; round < 3; ++round) {
    Ledger ledger;
    std::vector<std::uint64_t> tasks(world.rank() == 0 ? count : 0);
    std::iota(tasks.begin(), tasks.end(), std::uint64_t{0});
    farm.run(tasks, [&](auto... about) { ledger.take(about...); });
    if (world.rank() == 0) ledger.complete(count);
  }
}

// A rank that is back in the second farm must not take its tasks for those of the first, which it
// has to go through in its program once more.
void two_farms(const prun::Communicator& world) {
  const auto twice = [](const double& x) { return 2 * x; };
  std::vector<double> numbers(40, 1.5);
  const auto doubled = prun::Farm<double, double>(world, twice).collect(numbers);
  if (world.rank() == 0) check(doubled == std::vector<double>(40, 3.0), "wrong numbers");

  prun::FarmOptions options;
  options.tag = 5;
  prun::Farm<std::uint64_t, Found> farm(
      world,
      [&](const std::uint64_t& task) {
        if (world.rank() == 1 && the_env->incarnation() == 0) die();
        std::this_thread::sleep_for(1ms);
        return work(world, task);
      },
      options);
  Ledger ledger;
  std::uint64_t next = 0;
  farm.run(
      [&]() -> std::optional<std::uint64_t> {
        if (ledger.by(1, 1) > 0) return std::nullopt;
        return next++;
      },
      [&](auto... about) { ledger.take(about...); });
  if (world.rank() == 0) ledger.complete(next);
}

// --- ordinary programs
// --------------------------------------------------------------------------------------------------------

template <class Call>
void ends_with_peer_lost(const std::string& what, Call call) {
  try {
    call();
  } catch (const prun::Error& error) {
    check(error.code() == prun::Errc::peer_lost, what + " ended with " + error.what());
    return;
  }
  check(false, what + " went well");
}

// All ranks of the job. Of a host that was lost they come when it is back, and somebody waits then.
prun::Communicator everybody() {
  for (;;) {
    prun::Communicator comm = the_env->restore();
    if (comm.size() == the_env->world().size()) return comm;
    const auto missing_is_back = [&] {
      const auto waiting = the_env->waiting();
      return std::any_of(waiting.begin(), waiting.end(),
                         [&](int rank) { return !comm.rank_of_world(rank); });
    };
    while (!missing_is_back()) std::this_thread::sleep_for(1ms);
  }
}

// Rank 0 dies with some results taken, and everybody leaves the farm. A new one on what restore()
// makes is done by the rank 0 of then.
void farm_without_its_master(bool by_others) {
  const prun::Communicator& world = the_env->world();
  const auto task = [&](const std::uint64_t& number) {
    std::this_thread::sleep_for(1ms);
    return work(world, number);
  };
  try {
    Ledger ledger;
    std::uint64_t next = 0;
    prun::Farm<std::uint64_t, Found>(world, task)
        .run([&] { return std::optional(next++); },
             [&](auto... about) {
               ledger.take(about...);
               if (ledger.count() != 20) return;
               if (!by_others) die();
               std::puts("up");
             });
    check(false, "a farm has done without its master");
  } catch (const prun::Error& error) {
    check(error.code() == prun::Errc::peer_lost && error.peer() == 0, error.what());
  }
  const prun::Communicator all = everybody();
  check(all.rank() == world.rank(), "not in the old place");
  Ledger ledger;
  std::vector<std::uint64_t> tasks(world.rank() == 0 ? 200 : 0);
  std::iota(tasks.begin(), tasks.end(), std::uint64_t{0});
  prun::Farm<std::uint64_t, Found>(all, task).run(tasks,
                                                  [&](auto... about) { ledger.take(about...); });
  if (world.rank() == 0) ledger.complete(tasks.size());
}

// A rank that was started again has no part in what was before.
void newcomer_is_told(const prun::Communicator& world) {
  check(world.size() == the_env->world().size(), "another size");
  ends_with_peer_lost("a send", [&] { world.send(1, 0); });
  ends_with_peer_lost("a receive", [&] { world.recv<int>(prun::any_source); });
  ends_with_peer_lost("a barrier", [&] { world.barrier(); });
  ends_with_peer_lost("survivors()", [&] { world.survivors(); });
  ends_with_peer_lost("a dup", [&] { world.dup(); });
}

// Steps in which everybody tells everybody something; some die between two, one after the other. All
// that are there go on together from the lowest step that any has done.
void steps(unsigned seed) {
  constexpr int steps = 60;
  prun::Communicator comm = the_env->world();
  const int size = comm.size();
  const int rank = comm.rank();
  std::mt19937 engine(seed + static_cast<unsigned>(rank + 17 * the_env->incarnation()));
  const int last = the_env->incarnation() >= 2 || engine() % 3 == 0
                       ? steps + 1
                       : static_cast<int>(engine() % steps);
  if (the_env->incarnation() > 0) newcomer_is_told(comm);
  int step = 0;
  bool knows_step = the_env->incarnation() == 0;
  while (step < steps) {
    try {
      step =
          comm.allreduce(knows_step ? step : steps, prun::min);  // whoever is ahead does it again
      knows_step = true;
      if (step == last) die();
      const int next = (comm.rank() + 1) % comm.size();
      const int before = (comm.rank() + comm.size() - 1) % comm.size();
      int got = 0;
      comm.sendrecv(1000 * step + comm.rank(), next, 3, got, before, 3);
      check(got == 1000 * step + before, "a message of another step: " + std::to_string(got));
      check(comm.allreduce(1, std::plus<>{}) == comm.size(), "a wrong sum");
      ++step;
    } catch (const prun::Error& error) {
      if (error.code() != prun::Errc::peer_lost) throw;
      comm = the_env->restore();
      check(comm.size() == size && comm.rank() == rank, "not everybody is back in the old place");
      for (int one = 0; one < size; ++one)
        check(comm.world_rank(one) == one && comm.rank_of_world(one) == one, "other numbers");
    }
  }
}

// Nobody needs who is back, and hears of it all the same.
void waiting(int victim, bool by_others) {
  prun::Communicator comm = the_env->world();
  the_env->clock();  // it goes on a host that has come back, too
  if (the_env->incarnation() == 0) {
    if (by_others && comm.rank() == 0) std::puts("up");
    if (comm.rank() == victim) {
      if (by_others) comm.recv<int>(prun::any_source);
      die();
    }
    const auto begun = std::chrono::steady_clock::now();
    while (the_env->waiting() != std::vector<int>{victim}) {
      check(std::chrono::steady_clock::now() - begun < 30s, "nobody is told who waits");
      std::this_thread::sleep_for(1ms);
    }
  }
  comm = the_env->restore();
  check(comm.allreduce(1, std::plus<>{}) == the_env->world().size(), "not everybody is back");
  check(the_env->waiting().empty(), "somebody waits still");
}

// Nobody wants to know the time before rank 0 is lost, with its host.
void clock_after_the_loss() {
  const prun::Communicator& world = the_env->world();
  if (the_env->incarnation() == 0) {
    if (world.rank() == 0) std::puts("up");
    while (world.lost().empty()) std::this_thread::sleep_for(1ms);
    the_env->clock();
  }
  const prun::Communicator all = everybody();
  const auto now = the_env->clock().now().time_since_epoch().count();
  const auto apart = all.allreduce(now, prun::max) - all.allreduce(now, prun::min);
  check(apart < std::chrono::nanoseconds(1s).count(), "the hosts do not agree on the time");
}

// What a rank had sent before it died is received as of the old one, and not where the new one is.
void old_messages() {
  constexpr int tag = 9;
  const prun::Communicator world = the_env->world();
  if (world.rank() == 1 && the_env->incarnation() == 0) {
    world.send(41, 0, tag);
    world.recv<int>(0, tag + 1);  // it has come
    world.send(42, 0, tag);
    die();
  }
  if (world.rank() == 0) {
    world.probe(1, tag);
    world.send(1, 1, tag + 1);
    ends_with_peer_lost("a receive", [&] { world.recv<int>(1, tag + 2); });
  }
  const prun::Communicator all = the_env->restore();
  check(all.size() == world.size(), "not everybody is back");
  if (all.rank() == 1) all.send(43, 0, tag);
  if (all.rank() != 0) return;
  check(all.recv<int>(1, tag) == 43, "the old one's message");
  check(world.recv<int>(1, tag) == 41, "a message is lost");
  ends_with_peer_lost("a receive from the old one", [&] {
    while (world.recv<int>(1, tag) == 42) {
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  the_env = &env;
  const prun::Communicator& world = env.world();
  const char* const number = std::getenv("PRUN_INCARNATION");
  check(number != nullptr && std::atoi(number) == env.incarnation(), "another incarnation");
  const std::string scenario = argc > 1 ? argv[1] : "";
  const auto seed = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 0);
  const std::map<std::string, std::function<void()>> scenarios{
      {"farm", [&] { farm_until_all_are_back(world, 2, false); }},
      {"farm-by-others", [&] { farm_until_all_are_back(world, 1, true); }},
      {"random", [&] { farm_at_random(world, seed); }},
      {"two-farms", [&] { two_farms(world); }},
      {"without-master", [&] { farm_without_its_master(false); }},
      {"without-master-by-others", [&] { farm_without_its_master(true); }},
      {"steps", [&] { steps(seed); }},
      {"waiting", [&] { waiting(1, false); }},
      {"waiting-for-0", [&] { waiting(0, false); }},
      {"waiting-by-others", [&] { waiting(1, true); }},
      {"waiting-for-0-by-others", [&] { waiting(0, true); }},
      {"clock-after-the-loss", [&] { clock_after_the_loss(); }},
      {"old-messages", [&] { old_messages(); }},
  };
  const auto found = scenarios.find(scenario);
  check(found != scenarios.end(), "no such scenario: " + scenario);
  try {
    found->second();
  } catch (const prun::Error& error) {
    check(false, error.what());
  }
  if (world.rank() == 0) std::printf("restarted\n");
}
