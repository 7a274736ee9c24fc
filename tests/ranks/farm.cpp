// Task farms: whatever becomes of the workers, the master has the result of each task once. A broken
// promise ends the job with status 9.
#include <algorithm>
#include <cereal/types/map.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <prun/prun.hpp>
#include <prun/serialize.hpp>
#include <random>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include "tests/ranks/losing.hpp"

namespace {

using Numbers = std::vector<std::int32_t>;

using prun::test::check;
using prun::test::die;
using prun::test::the_env;

struct Task {
  std::int32_t value = 0;
  std::uint32_t round = 0;
};

std::uint64_t square(const Task& task) {
  return static_cast<std::uint64_t>(task.value) * static_cast<std::uint64_t>(task.value) +
         task.round;
}

using Squares = prun::Farm<Task, std::uint64_t>;

// Tasks 0 to count - 1, and that each has its result, once.
class Ledger {
 public:
  // `limit`: tasks without a result that there may be, which bounds the memory of the master.
  Ledger(int count, std::size_t limit, std::uint32_t round = 0)
      : results_(static_cast<std::size_t>(count)), limit_(limit), round_(round) {}

  std::optional<Task> next() {
    if (asked_ == results_.size()) return std::nullopt;
    check(asked_ - done_ < limit_, "too many tasks are out");
    return Task{static_cast<std::int32_t>(asked_++), round_};
  }

  void take(std::uint64_t number, std::uint64_t result, int rank) {
    check(number < asked_, "a result without its task");
    check(result == square({static_cast<std::int32_t>(number), round_}), "a wrong result");
    check(++results_[static_cast<std::size_t>(number)] == 1, "a result counts twice");
    ++done_;
    ++by_rank_[rank];
  }

  prun::FarmProgress run(Squares& farm) {
    return farm.run([this] { return next(); }, [this](auto... about) { take(about...); });
  }

  void complete(const prun::FarmProgress& progress) const {
    check(done_ == results_.size() && progress.done == done_, "results are missing");
  }

  std::size_t done() const { return done_; }
  int by(int rank) const {
    const auto found = by_rank_.find(rank);
    return found == by_rank_.end() ? 0 : found->second;
  }

 private:
  std::vector<int> results_;
  std::map<int, int> by_rank_;
  std::size_t limit_;
  std::uint32_t round_;
  std::size_t asked_ = 0;
  std::size_t done_ = 0;
};

std::size_t out_at_most(const prun::Communicator& world, int window) {
  return static_cast<std::size_t>(std::max(1, (world.size() - 1) * window));
}

// --- without losses
// ----------------------------------------------------------------------------------------------------

void simple(const prun::Communicator& world) {
  const bool master = world.rank() == 0;
  for (const int window : {1, 2, 7}) {
    prun::FarmOptions options;
    options.window = window;
    std::uint64_t last = 0;
    int calls = 0;
    options.on_progress = [&](const prun::FarmProgress& progress) {
      check(progress.done >= last && progress.lost.empty() && progress.workers == world.size() - 1,
            "the progress is wrong");
      last = progress.done;
      ++calls;
    };
    options.progress_interval = {};
    Squares farm(world, square, options);
    std::uint32_t round = 0;
    for (const int count : {0, 1, 2, 3, 500}) {  // the same farm again and again
      last = 0;
      Ledger ledger(count, out_at_most(world, window), ++round);
      const prun::FarmProgress progress = ledger.run(farm);
      if (!master) continue;
      ledger.complete(progress);
      check(last == progress.done && calls > count, "the progress is not told");
      check(world.size() == 1 || ledger.by(0) == 0, "the master works although others do");
      calls = 0;
    }
  }
  // A range that is made on the way, and results in the order of tasks.
  const auto tasks = std::views::iota(0, 300) | std::views::transform([](int i) {
                       return Task{i, 5};
                     });
  const std::vector<std::uint64_t> squares = Squares(world, square).collect(tasks);
  check(squares.size() == (master ? 300u : 0u), "not all squares are there");
  for (std::size_t i = 0; i < squares.size(); ++i) check(squares[i] == i * i + 5, "a wrong square");
}

// Tasks and results of any length: short ones travel at once, long ones when they are asked for.
void long_ones(const prun::Communicator& world) {
  const auto twice = [](const Numbers& numbers) {
    Numbers all = numbers;
    all.insert(all.end(), numbers.begin(), numbers.end());
    return all;
  };
  std::vector<Numbers> tasks;
  for (std::int32_t i = 0; i < 40; ++i)
    tasks.emplace_back(static_cast<std::size_t>(i % 4 * 50'000), i);
  const auto results = prun::Farm<Numbers, Numbers>(world, twice).collect(tasks);
  check(results.size() == (world.rank() == 0 ? 40u : 0u), "results are missing");
  for (std::size_t i = 0; i < results.size(); ++i)
    check(results[i] == twice(tasks[i]), "a wrong result");
}

// What leaves run() at the master ends the run everywhere.
void throwing(const prun::Communicator& world) {
  struct Enough {};
  const bool master = world.rank() == 0;
  for (const bool in_source : {false, true}) {
    Squares farm(world, square);
    int asked = 0;
    bool thrown = false;
    try {
      farm.run(
          [&]() -> std::optional<Task> {
            if (in_source && asked == 20) throw Enough();
            return Task{asked++, 1};
          },
          [&](std::uint64_t number, std::uint64_t, int) {
            if (number == 30) throw Enough();
          });
    } catch (const Enough&) {
      thrown = true;
    }
    check(thrown == master, "an exception is at the wrong place");
  }
  world.barrier();
  simple(world);  // nothing is left over
}

// Words go out, and how often each letter is in them comes back.
void serialized(const prun::Communicator& world) {
  using Letters = std::map<char, std::int32_t>;
  const auto count = [](const std::string& word) {
    Letters letters;
    for (const char letter : word) ++letters[letter];
    return letters;
  };
  const std::vector<std::string> words{"abba", "", "banana", "a"};
  const auto results = prun::Farm<std::string, Letters>(world, count).collect(words);
  if (world.rank() != 0) return;
  check(results.size() == words.size(), "results are missing");
  for (std::size_t i = 0; i < words.size(); ++i)
    check(results[i] == count(words[i]), "a wrong result");
}

void of_another_type(const prun::Communicator& world) {
  try {
    if (world.rank() == 0) {
      prun::Farm<double, double>(world, [](double x) { return x; }).collect(std::vector<double>(9));
    } else {
      prun::Farm<float, double>(world, [](float x) {
        return static_cast<double>(x);
      }).collect(std::vector<float>());
    }
  } catch (const prun::Error& error) {
    check(error.code() == prun::Errc::type_mismatch, error.what());
    the_env->abort(42, error.what());
  }
}

// Rank 1 works on its first task until all others are done: nobody waits for it, and what it finds is
// dropped, also by the next run.
void slow(const prun::Communicator& world) {
  constexpr int tag = 1;
  constexpr int count = 200;
  bool first = true;
  Squares farm(world, [&](const Task& task) {
    if (world.rank() == 1 && std::exchange(first, false)) world.recv<int>(0, tag);
    return square(task);
  });
  for (std::uint32_t round = 1; round <= 2; ++round) {
    Ledger ledger(count, out_at_most(world, 2), round);
    const auto progress = farm.run([&] { return ledger.next(); },
                                   [&](auto... about) {
                                     ledger.take(about...);
                                     if (round == 1 && ledger.done() == count)
                                       world.send(0, 1, tag);
                                   });
    if (world.rank() != 0) continue;
    ledger.complete(progress);
    check(round != 1 || ledger.by(1) == 0, "a result came from nowhere");
  }
  // Blocked until the others have done what it does not hold: it gets no more than that.
  first = true;
  Ledger ledger(count, out_at_most(world, 2), 3);
  const auto progress = farm.run([&] { return ledger.next(); },
                                 [&](auto... about) {
                                   ledger.take(about...);
                                   if (ledger.done() == count - 2) world.send(0, 1, tag);
                                 });
  if (world.rank() != 0) return;
  ledger.complete(progress);
  check(ledger.by(1) <= 2, "a slow rank gets as much as others");
}

// Rank 1 answers task 0 after rank 3 has, and while task 1 is still open: that it has answered is
// known when it begins on the other task that it holds, 3.
void second_result(const prun::Communicator& world) {
  constexpr int go_on = 1;
  Squares farm(world, [&](const Task& task) {
    if (world.rank() == 1) {
      if (task.value == 0) world.recv<int>(0, go_on);
      if (task.value == 3) {
        for (const int rank : {2, 3}) world.send(0, rank, go_on);
      }
    } else if (task.value == 1) {
      world.recv<int>(1, go_on);
    }
    return square(task);
  });
  Ledger ledger(50, out_at_most(world, 2));
  const auto progress = farm.run([&] { return ledger.next(); },
                                 [&](std::uint64_t number, std::uint64_t result, int rank) {
                                   ledger.take(number, result, rank);
                                   check(number != 0 || rank == 3, "the first is not the first");
                                   if (number == 0) world.send(0, 1, go_on);
                                 });
  if (world.rank() == 0) ledger.complete(progress);
}

// --- with losses
// -------------------------------------------------------------------------------------------------------

// Every worker dies at a task of its own: before it has begun, or with the result in its hands.
void all_but_the_master(const prun::Communicator& world, bool at_once) {
  constexpr int count = 300;
  int worked = 0;
  Squares farm(world, [&](const Task& task) {
    if (world.rank() != 0 && worked++ == (at_once ? 5 : 5 * world.rank())) die();
    return square(task);
  });
  Ledger ledger(count, out_at_most(world, 2));
  const prun::FarmProgress progress = ledger.run(farm);
  ledger.complete(progress);
  check(progress.workers == 0 && static_cast<int>(progress.lost.size()) == world.size() - 1 &&
            progress.lost_hosts.size() == 1,
        "a loss is not told");
  for (int rank = 1; rank < world.size(); ++rank)
    check(ledger.by(rank) <= (at_once ? 5 : 5 * rank), "results of the dead");
  check(ledger.by(0) > 0, "the master does not work alone");
}

// Some die before the farm, at a task, or at any moment. A run follows with those that are left.
void at_random(const prun::Communicator& world, unsigned seed) {
  constexpr int count = 400;
  std::mt19937 engine(seed * 100 + static_cast<unsigned>(world.rank()));
  const auto random = [&] { return static_cast<unsigned>(engine()); };
  const bool dies = world.rank() != 0 && random() % 3 != 0;
  const unsigned way = random() % 4;
  const unsigned when = random() % 60;
  std::thread killer;
  if (dies && way == 0) die();
  if (dies && way == 1) {
    killer = std::thread([when] {
      std::this_thread::sleep_for(std::chrono::microseconds(when * 500));
      die();
    });
  }
  unsigned worked = 0;
  const auto may_die = [&](unsigned here) {
    if (dies && way == here && worked == when) die();
  };
  const std::size_t bulk = seed % 3 == 0 ? 20'000 : 1;  // of long results a part may have arrived
  prun::Farm<Task, Numbers> farm(world, [&](const Task& task) {
    may_die(2);
    Numbers result(bulk, task.value + static_cast<std::int32_t>(task.round));
    may_die(3);
    ++worked;
    return result;
  });
  for (std::uint32_t round = 0; round < 2; ++round) {
    std::vector<int> taken(count, 0);
    const auto tasks = std::views::iota(0, count) | std::views::transform([round](int i) {
                         return Task{i, round};
                       });
    const auto progress = farm.run(tasks, [&](std::uint64_t number, const Numbers& result, int) {
      check(number < count && result == Numbers(bulk, static_cast<std::int32_t>(number + round)),
            "a wrong result");
      ++taken[static_cast<std::size_t>(number)];
    });
    if (world.rank() != 0) continue;
    check(taken == std::vector<int>(count, 1) && progress.done == count && progress.total == count,
          "results are missing or count twice");
  }
  if (killer.joinable()) killer.join();
}

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  the_env = &env;
  const prun::Communicator& world = env.world();
  const std::string scenario = argc > 1 ? argv[1] : "";
  const std::map<std::string, std::function<void()>> scenarios{
      {"simple", [&] { simple(world); }},
      {"long", [&] { long_ones(world); }},
      {"serialized", [&] { serialized(world); }},
      {"throwing", [&] { throwing(world); }},
      {"type", [&] { of_another_type(world); }},
      {"slow", [&] { slow(world); }},
      {"second", [&] { second_result(world); }},
      {"alone", [&] { all_but_the_master(world, false); }},
      {"at-once", [&] { all_but_the_master(world, true); }},
      {"random", [&] { at_random(world, static_cast<unsigned>(std::atoi(argv[2]))); }},
  };
  const auto found = scenarios.find(scenario);
  check(found != scenarios.end(), "no such scenario: " + scenario);
  try {
    found->second();
  } catch (const prun::Error& error) {
    check(false, error.what());
  }
  if (world.rank() == 0) std::printf("farmed\n");
}
