#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "runtime/coll/selector.hpp"
#include "tests/conformance/coll_cases.hpp"
#include "tests/support/cluster.hpp"
#include "tests/support/start_collective.hpp"

// What every algorithm of every operation must do, and the choice made by the selector with it.
// The algorithms come from the operations' tables: a new row there is tested here by itself.
namespace prun::test {
namespace {

constexpr int rank_counts[] = {PRUN_RANK_COUNTS};

// Which host each rank is on; nothing where each has its own.
using Hosts = std::vector<std::uint32_t>;

// An algorithm of the table, or, without one, what the selector picks, on certain hosts. The ranks
// that select know nothing of their links at first.
template <class Arguments>
class Subject {
 public:
  Subject(const coll::Algorithm<Arguments>* algorithm, const coll::Tuning& tuning,
          const Hosts& hosts)
      : algorithm_(algorithm), tuning_(tuning), states_(hosts.size()), findings_(hosts.size()) {
    if (!hosts.empty()) map_.emplace(hosts);
  }

  bool fits(coll::Team team, const Arguments& arguments) const {
    place(team);
    return algorithm_ == nullptr || algorithm_->fits(coll::situation_of(team, arguments));
  }
  coll::Task task(coll::Team team, Arguments arguments) {
    place(team);
    if (algorithm_ == nullptr) return started(team, std::move(arguments));
    if (tuning_.segment_bytes) team.set_segment_bytes(*tuning_.segment_bytes);
    return algorithm_->run(team, std::move(arguments));
  }

 private:
  void place(coll::Team& team) const {
    if (map_) team.set_host_map(&*map_);
  }

  coll::Task started(coll::Team team, Arguments arguments) {
    const auto rank = static_cast<std::size_t>(team.rank());
    const coll::Basis basis{tuning_, map_ ? &states_[rank] : nullptr,
                            map_ ? &findings_[rank] : nullptr};
    return start_collective(team, std::move(arguments), basis);
  }

  const coll::Algorithm<Arguments>* algorithm_;
  coll::Tuning tuning_;
  std::optional<coll::HostMap> map_;
  std::deque<coll::LinkState> states_;
  std::deque<coll::LinkFindings> findings_;
};

// The hosts an algorithm is tried on: those that speak by leaders need ranks that share hosts, in
// turn and in groups of different size; the selector must do with anything.
template <class Arguments>
std::vector<Hosts> layouts(const coll::Algorithm<Arguments>* algorithm, int ranks) {
  coll::Situation apart;
  apart.ranks = apart.hosts = ranks;
  const bool flat = algorithm != nullptr && algorithm->fits(apart);
  if (flat || ranks < 3) return {Hosts()};
  Hosts in_turn;
  Hosts uneven;
  for (int rank = 0; rank < ranks; ++rank) {
    in_turn.push_back(static_cast<std::uint32_t>(rank % ((ranks + 1) / 2)));
    uneven.push_back(rank * 3 < ranks ? 1 : 0);
  }
  if (algorithm == nullptr) return {Hosts(), in_turn};
  return {in_turn, uneven};
}

// Limits and segments of a few elements, so that short data meets every edge: eager and rendezvous,
// senders out of credit, data frames, pipelines longer than their window.
ClusterOptions small_world(int ranks, std::uint32_t seed) {
  ClusterOptions options;
  options.ranks = ranks;
  options.limits.eager_bytes = 100;
  options.limits.envelopes_per_peer = 4;
  options.limits.eager_bytes_per_peer = 250;
  options.network.segment_bytes = 50;
  options.network.seed = seed;
  return options;
}

coll::Tuning small_segments() {
  coll::Tuning tuning;
  tuning.segment_bytes = 64;
  return tuning;
}

// The sizes that ranks meet outside of tests.
ClusterOptions real_world(int ranks) {
  ClusterOptions options;
  options.ranks = ranks;
  options.network.segment_bytes = 16u << 10;
  return options;
}

// Runs one case once on its own call number, and checks it. Skips what the algorithm does not fit.
template <class Arguments>
void try_shape(Cluster& cluster, Subject<Arguments>& subject, const Shape& shape, int call) {
  SCOPED_TRACE(shape.describe());
  Case<Arguments> trial(shape);
  std::vector<coll::Task> tasks;
  for (int rank = 0; rank < shape.ranks; ++rank) {
    const coll::Team team = cluster.team(rank, call, shape.type);
    if (!subject.fits(team, trial.arguments(rank))) return;
    tasks.push_back(subject.task(team, trial.arguments(rank)));
  }
  cluster.run(tasks);
  for (const coll::Task& task : tasks) {
    ASSERT_TRUE(task.done());
    const auto failure = failure_of(task);
    ASSERT_FALSE(failure) << failure->text;
  }
  trial.check();
}

// The shapes of an operation with that many elements: roots, layouts, operations.
template <class Arguments>
std::vector<Shape> shapes(int ranks, std::size_t count, const std::vector<int>& roots) {
  using Trial = Case<Arguments>;
  Shape first;
  first.ranks = ranks;
  first.count = count;
  first.type = rgb_type();
  std::vector<Shape> result = {first};
  const auto vary = [&result](auto change) {
    const std::vector<Shape> before = result;
    for (Shape shape : before) {
      change(shape);
      result.push_back(shape);
    }
  };
  if (Trial::reduces) {
    result.front().type = number_type();
    result.front().op = sum();
    vary([](Shape& shape) {
      shape.type = affine_type();
      shape.op = composition();
    });
  }
  if (std::is_same_v<Arguments, coll::ReduceArguments>)
    vary([](Shape& shape) { shape.in_place = true; });
  if (Trial::has_layout) vary([](Shape& shape) { shape.uniform = false; });
  if (Trial::has_root) {
    std::vector<Shape> rooted;
    for (const int root : roots) {
      for (Shape shape : result) {
        shape.root = root;
        rooted.push_back(shape);
      }
    }
    result = rooted;
  }
  return result;
}

template <class Arguments>
void try_small(const coll::Algorithm<Arguments>* algorithm, int ranks, const Hosts& hosts) {
  Subject<Arguments> subject(algorithm, small_segments(), hosts);
  const auto n = static_cast<std::size_t>(ranks);
  std::vector<int> all_roots;
  for (int root = 0; root < ranks; ++root) all_roots.push_back(root);
  const std::vector<int> one_root = {ranks / 2};
  // The number of elements in a segment differs with their size: 21 of 3 bytes, 16 of 4, 5 of 12.
  std::set<std::size_t> counts({0, 1, n - 1, n, n + 1, 2 * n + 1});
  for (const std::size_t segment : {21u, 16u, 5u}) {
    for (const std::size_t segments : {1u, 3u, 12u}) {
      const std::size_t edge = segments * segment;
      for (std::size_t count = edge - 1; count <= edge + 1; ++count) counts.insert(count);
    }
  }
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    Cluster cluster(small_world(ranks, seed));
    const std::vector<int>& roots = seed == 1 ? all_roots : one_root;
    int call = 0;
    for (const std::size_t count : counts) {
      for (const Shape& shape : shapes<Arguments>(ranks, count, roots)) {
        try_shape(cluster, subject, shape, call++);
        if (testing::Test::HasFailure()) return;
      }
    }
    cluster.expect_quiet();
  }
}

// Elements of which a block, or all parts of a reduce_scatter together, is about as long as the
// longest eager message, and as the segments that the selector chooses from.
template <class Arguments>
std::set<std::size_t> threshold_counts(std::size_t element_bytes, int ranks) {
  const bool all_parts = Arguments::operation == coll::Operation::reduce_scatter;
  const std::size_t unit = element_bytes * (all_parts ? static_cast<std::size_t>(ranks) : 1);
  std::set<std::size_t> counts;
  for (const std::size_t bytes : {coll::segment_sizes[0], coll::default_segment_bytes,
                                  p2p::Limits().eager_bytes, std::size_t{40'000}}) {
    for (const std::size_t near : {bytes / unit - 1, bytes / unit, bytes / unit + 1})
      counts.insert(near);
  }
  return counts;
}

template <class Arguments>
void try_thresholds(const coll::Algorithm<Arguments>* algorithm, int ranks, const Hosts& hosts) {
  const coll::Tuning tuning;
  Subject<Arguments> subject(algorithm, tuning, hosts);
  Cluster cluster(real_world(ranks));
  int call = 0;
  for (const Shape& kind : shapes<Arguments>(ranks, 0, {ranks / 2})) {
    for (const std::size_t count : threshold_counts<Arguments>(kind.type.size, ranks)) {
      Shape shape = kind;
      shape.count = count;
      try_shape(cluster, subject, shape, call++);
      if (testing::Test::HasFailure()) return;
    }
  }
  cluster.expect_quiet();
}

// Two calls on one team at the same time, the second on other data and, where there is one, with
// another root.
template <class Arguments>
void try_overlap(const coll::Algorithm<Arguments>* algorithm, int ranks, const Hosts& hosts) {
  Subject<Arguments> subject(algorithm, small_segments(), hosts);
  for (const std::uint32_t seed : {4u, 5u, 6u}) {
    Cluster cluster(small_world(ranks, seed));
    const std::vector<Shape> first_shapes = shapes<Arguments>(ranks, 70, {0});
    const std::vector<Shape> second_shapes = shapes<Arguments>(ranks, 33, {ranks - 1});
    for (std::size_t i = 0; i < first_shapes.size(); ++i) {
      Case<Arguments> first(first_shapes[i]);
      Case<Arguments> second(second_shapes[i]);
      std::vector<coll::Task> tasks;
      std::vector<coll::Task> others;
      for (int rank = 0; rank < ranks; ++rank) {
        const auto call = static_cast<std::int32_t>(2 * i);
        const coll::Team team = cluster.team(rank, call, first_shapes[i].type);
        const coll::Team other_team = cluster.team(rank, call + 1, second_shapes[i].type);
        if (!subject.fits(team, first.arguments(rank))) break;
        tasks.push_back(subject.task(team, first.arguments(rank)));
        others.push_back(subject.task(other_team, second.arguments(rank)));
      }
      if (tasks.empty()) continue;
      for (coll::Task& other : others) other.start();
      cluster.run(tasks);
      ASSERT_TRUE(cluster.run_until([&others] {
        return std::all_of(others.begin(), others.end(),
                           [](const coll::Task& other) { return other.done(); });
      }));
      for (int rank = 0; rank < ranks; ++rank) {
        const auto index = static_cast<std::size_t>(rank);
        ASSERT_FALSE(failure_of(tasks[index]));
        ASSERT_FALSE(failure_of(others[index]));
      }
      first.check();
      second.check();
    }
    cluster.expect_quiet();
  }
}

// The last rank has another count than the others. Whoever notices fails, and leaves, as a program
// does that does not expect it: then nobody waits for ever.
template <class Arguments>
void try_mismatch(const coll::Algorithm<Arguments>* algorithm, int ranks, const Hosts& hosts) {
  // Members that choose for themselves choose alike here: all data is small, and nobody measures.
  coll::Tuning tuning = algorithm == nullptr ? coll::Tuning() : small_segments();
  tuning.links.emplace();
  Subject<Arguments> subject(algorithm, tuning, hosts);
  for (const std::size_t wrong_count : {std::size_t{7}, std::size_t{90}}) {
    for (const Shape& right_shape : shapes<Arguments>(ranks, 40, {0})) {
      if (!right_shape.uniform) continue;
      SCOPED_TRACE(right_shape.describe() + ", last rank " + std::to_string(wrong_count));
      Shape wrong_shape = right_shape;
      wrong_shape.count = wrong_count;
      Case<Arguments> right(right_shape);
      Case<Arguments> wrong(wrong_shape);
      Cluster cluster(small_world(ranks, 1));
      std::vector<coll::Task> tasks;
      for (int rank = 0; rank < ranks; ++rank) {
        const coll::Team team = cluster.team(rank, 0, right_shape.type);
        const Arguments arguments =
            rank + 1 == ranks ? wrong.arguments(rank) : right.arguments(rank);
        if (!subject.fits(team, arguments)) break;
        tasks.push_back(subject.task(team, arguments));
      }
      if (tasks.empty()) continue;
      for (coll::Task& task : tasks) task.start();
      std::set<std::size_t> left;
      bool noticed = false;
      const auto leave = [&] {
        for (std::size_t rank = 0; rank < tasks.size(); ++rank) {
          if (!tasks[rank].done() || left.contains(rank)) continue;
          const auto failure = failure_of(tasks[rank]);
          if (!failure) continue;
          if (failure->code == Errc::truncated) noticed = true;
          left.insert(rank);
          cluster.lose(static_cast<int>(rank));
        }
        return std::all_of(tasks.begin(), tasks.end(),
                           [](const coll::Task& task) { return task.done(); });
      };
      ASSERT_TRUE(cluster.run_until(leave)) << "somebody waits for ever";
      EXPECT_TRUE(noticed);
    }
  }
}

struct Trial {
  std::string name;
  std::function<void(int ranks)> small;
  std::function<void(int ranks)> thresholds;
  std::function<void(int ranks)> overlap;
  std::function<void(int ranks)> mismatch;  // null for a barrier, which has no counts
};

void PrintTo(const Trial& trial, std::ostream* out) {
  *out << trial.name;
}

template <class Arguments>
void add_trial(std::vector<Trial>& trials, const coll::Algorithm<Arguments>* algorithm) {
  Trial trial;
  trial.name = std::string(coll::name_of(Arguments::operation)) + "_" +
               (algorithm == nullptr ? "as_selected" : std::string(algorithm->name));
  const auto on_all = [algorithm](auto tried) {
    return [algorithm, tried](int ranks) {
      for (const Hosts& hosts : layouts(algorithm, ranks)) tried(ranks, hosts);
    };
  };
  trial.small =
      on_all([algorithm](int ranks, const Hosts& hosts) { try_small(algorithm, ranks, hosts); });
  trial.thresholds = on_all(
      [algorithm](int ranks, const Hosts& hosts) { try_thresholds(algorithm, ranks, hosts); });
  trial.overlap =
      on_all([algorithm](int ranks, const Hosts& hosts) { try_overlap(algorithm, ranks, hosts); });
  if constexpr (Arguments::operation != coll::Operation::barrier)
    trial.mismatch = on_all(
        [algorithm](int ranks, const Hosts& hosts) { try_mismatch(algorithm, ranks, hosts); });
  trials.push_back(trial);
}

template <class... Arguments>
std::vector<Trial> trials_of() {
  std::vector<Trial> trials;
  const auto add_operation = [&trials]<class A>(std::type_identity<A>) {
    for (const coll::Algorithm<A>& algorithm : coll::algorithms<A>()) add_trial(trials, &algorithm);
    add_trial<A>(trials, nullptr);
  };
  (add_operation(std::type_identity<Arguments>{}), ...);
  return trials;
}

std::vector<Trial> all_trials() {
  return trials_of<coll::BarrierArguments, coll::BcastArguments, coll::GatherArguments,
                   coll::ScatterArguments, coll::AllgatherArguments, coll::ReduceArguments,
                   coll::AllreduceArguments, coll::ReduceScatterArguments, coll::AlltoallArguments,
                   coll::ScanArguments, coll::ExscanArguments>();
}

class Collective : public testing::TestWithParam<Trial> {};

TEST_P(Collective, GivesWhatTheReferenceGives) {
  for (const int ranks : rank_counts) GetParam().small(ranks);
}

TEST_P(Collective, GivesTheSameAroundTheSelectorsThresholds) {
  for (const int ranks : rank_counts) GetParam().thresholds(ranks);
}

TEST_P(Collective, RunsBesideAnotherCall) {
  for (const int ranks : rank_counts) GetParam().overlap(ranks);
}

INSTANTIATE_TEST_SUITE_P(All, Collective, testing::ValuesIn(all_trials()),
                         [](const auto& trial) { return trial.param.name; });

class CollectiveOfData : public Collective {};

TEST_P(CollectiveOfData, ReportsCountsThatDisagree) {
  for (const int ranks : {2, 3, 4, 8}) GetParam().mismatch(ranks);
}

std::vector<Trial> trials_with_data() {
  std::vector<Trial> trials = all_trials();
  std::erase_if(trials, [](const Trial& trial) { return trial.mismatch == nullptr; });
  return trials;
}

INSTANTIATE_TEST_SUITE_P(All, CollectiveOfData, testing::ValuesIn(trials_with_data()),
                         [](const auto& trial) { return trial.param.name; });

// What a barrier is for: nobody is through before everybody has come.
TEST(Barrier, HoldsUntilTheLastRankEnters) {
  for (const coll::Algorithm<coll::BarrierArguments>& algorithm :
       coll::algorithms<coll::BarrierArguments>()) {
    for (const int ranks : rank_counts) {
      for (int last = 0; last < ranks; ++last) {
        SCOPED_TRACE(std::string(algorithm.name) + ", " + std::to_string(ranks) +
                     " ranks, the last to enter is " + std::to_string(last));
        Cluster cluster(small_world(ranks, 1));
        Subject subject(&algorithm, small_segments(), layouts(&algorithm, ranks).back());
        if (!subject.fits(cluster.team(0, 0, number_type()), {})) continue;
        std::vector<coll::Task> tasks;
        for (int rank = 0; rank < ranks; ++rank)
          tasks.push_back(subject.task(cluster.team(rank, 0, number_type()), {}));
        for (int rank = 0; rank < ranks; ++rank) {
          if (rank != last) tasks[static_cast<std::size_t>(rank)].start();
        }
        const auto through = [&](int rank) { return tasks[static_cast<std::size_t>(rank)].done(); };
        cluster.run_until([] { return false; });
        for (int rank = 0; rank < ranks; ++rank) EXPECT_FALSE(through(rank)) << rank;
        tasks[static_cast<std::size_t>(last)].start();
        cluster.run_until([] { return false; });
        for (int rank = 0; rank < ranks; ++rank) EXPECT_TRUE(through(rank)) << rank;
      }
    }
  }
}

}  // namespace
}  // namespace prun::test
