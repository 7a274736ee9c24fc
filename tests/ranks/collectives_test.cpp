// The collectives as programs call them, between real processes. That each algorithm is right for
// any shape is the conformance suite's matter; here it is the templates, the checks and the wiring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <numeric>
#include <prun/serialize.hpp>
#include <string>
#include <vector>

#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

using testing::HasSubstr;

int me() {
  return world().rank();
}
int ranks() {
  return world().size();
}
std::size_t as_index(int rank) {
  return static_cast<std::size_t>(rank);
}

const std::vector<std::size_t> counts_to_try = {0, 1, 3, 1000, 30'000};

std::vector<std::int64_t> contribution(int rank, std::size_t count) {
  std::vector<std::int64_t> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = rank * 1'000'000 + static_cast<std::int64_t>(i);
  return values;
}

std::vector<std::int64_t> all_contributions(std::size_t count) {
  std::vector<std::int64_t> all;
  for (int rank = 0; rank < ranks(); ++rank) {
    const auto part = contribution(rank, count);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::vector<std::int64_t> sum_of_first(int count_of_ranks, std::size_t count) {
  std::vector<std::int64_t> sum(count, 0);
  for (int rank = 0; rank < count_of_ranks; ++rank) {
    const auto part = contribution(rank, count);
    for (std::size_t i = 0; i < count; ++i) sum[i] += part[i];
  }
  return sum;
}

// x -> a x + b: composition is associative and not commutative.
struct Affine {
  std::int64_t a = 1;
  std::int64_t b = 0;
  bool operator==(const Affine&) const = default;
};
Affine compose(const Affine& first, const Affine& second) {
  return {first.a * second.a % 9973, (first.b * second.a + second.b) % 9973};
}
Affine affine_of(int rank) {
  return {rank + 2, 3 * rank + 1};
}
Affine composed_up_to(int count) {
  Affine result = affine_of(0);
  for (int rank = 1; rank < count; ++rank) result = compose(result, affine_of(rank));
  return result;
}

TEST(Barrier, NobodyLeavesBeforeTheLastHasEntered) {
  // The ranks are on one machine: their steady clocks are one.
  for (int round = 0; round < 20; ++round) {
    const double entered = Environment::wtime();
    world().barrier();
    const double left = Environment::wtime();
    EXPECT_LE(world().allreduce(entered, prun::max), world().allreduce(left, prun::min));
  }
}

TEST(Bcast, EveryRootEveryKind) {
  for (int root = 0; root < ranks(); ++root) {
    for (const std::size_t count : counts_to_try) {
      std::vector<std::int64_t> values;
      if (me() == root) values = contribution(root, count);
      world().bcast(values, root);
      EXPECT_EQ(values, contribution(root, count));
      std::vector<std::int64_t> fixed(count);
      if (me() == root) fixed = contribution(root + 1, count);
      world().bcast(std::span(fixed), root);
      EXPECT_EQ(fixed, contribution(root + 1, count));
    }
    int number = me() == root ? 17 : 0;
    world().bcast(number, root);
    EXPECT_EQ(number, 17);
    std::map<std::string, std::vector<int>> table;
    if (me() == root) table = {{"a", {1, 2}}, {"b", {}}};
    world().bcast(table, root);
    EXPECT_EQ(table.at("a"), (std::vector<int>{1, 2}));
  }
}

TEST(Gather, EqualPartsAndParts) {
  for (int root = 0; root < ranks(); ++root) {
    for (const std::size_t count : counts_to_try) {
      const auto gathered = world().gather(contribution(me(), count), root);
      EXPECT_EQ(gathered, me() == root ? all_contributions(count) : std::vector<std::int64_t>());
    }
    EXPECT_EQ(world().gather(me() * 2, root).size(), me() == root ? as_index(ranks()) : 0u);
    // In place at the root.
    std::vector<int> all(as_index(ranks()));
    all[as_index(me())] = me() + 5;
    if (me() == root) {
      world().gather(in_place, all, root);
      for (int rank = 0; rank < ranks(); ++rank) EXPECT_EQ(all[as_index(rank)], rank + 5);
    } else {
      world().gather(me() + 5, all, root);
    }
    // Rank i has i elements.
    std::vector<std::size_t> lengths;
    const auto parts = world().gatherv(contribution(me(), as_index(me())), root, &lengths);
    if (me() == root) {
      std::vector<std::int64_t> expected;
      for (int rank = 0; rank < ranks(); ++rank) {
        const auto part = contribution(rank, as_index(rank));
        expected.insert(expected.end(), part.begin(), part.end());
        EXPECT_EQ(lengths[as_index(rank)], as_index(rank));
      }
      EXPECT_EQ(parts, expected);
    }
    const auto names = world().gather(std::vector<std::string>{"rank", std::to_string(me())}, root);
    if (me() == root) {
      EXPECT_EQ(names.back()[1], std::to_string(ranks() - 1));
    }
  }
}

TEST(Gather, WithGapsBetweenTheParts) {
  std::vector<std::size_t> counts;
  std::vector<std::size_t> displacements;
  for (int rank = 0; rank < ranks(); ++rank) {
    counts.push_back(2);
    displacements.push_back(as_index(ranks() - 1 - rank) *
                            3);  // in reverse, one unused element after each
  }
  std::vector<int> all(as_index(ranks()) * 3, -1);
  world().gatherv(std::vector<int>{me(), me()}, std::span(all), Layout(counts, displacements), 0);
  if (me() != 0) return;
  for (int rank = 0; rank < ranks(); ++rank) {
    const std::size_t at = displacements[as_index(rank)];
    EXPECT_EQ(all[at], rank);
    EXPECT_EQ(all[at + 1], rank);
    EXPECT_EQ(all[at + 2], -1);
  }
}

TEST(Scatter, EqualPartsAndParts) {
  for (int root = 0; root < ranks(); ++root) {
    for (const std::size_t count : counts_to_try) {
      std::vector<std::int64_t> all;
      if (me() == root) all = all_contributions(count);
      std::vector<std::int64_t> mine(count);
      world().scatter(all, mine, root);
      EXPECT_EQ(mine, contribution(me(), count));
    }
    std::vector<int> one_each(me() == root ? as_index(ranks()) : 0u);
    std::iota(one_each.begin(), one_each.end(), 100);
    EXPECT_EQ(world().scatter(one_each, root), 100 + me());

    std::vector<std::size_t> lengths;
    std::vector<std::int64_t> all;
    for (int rank = 0; rank < ranks(); ++rank) {
      lengths.push_back(as_index(rank) * 2);
      const auto part = contribution(rank, as_index(rank) * 2);
      all.insert(all.end(), part.begin(), part.end());
    }
    std::vector<std::int64_t> mine;  // takes the length of its part
    world().scatterv(all, Layout(lengths), mine, root);
    EXPECT_EQ(mine, contribution(me(), as_index(me()) * 2));

    std::vector<std::map<std::string, int>> tables(me() == root ? as_index(ranks()) : 0u);
    for (std::size_t i = 0; i < tables.size(); ++i) tables[i]["rank"] = static_cast<int>(i);
    EXPECT_EQ(world().scatter(tables, root).at("rank"), me());
  }
}

TEST(Allgather, EqualPartsAndParts) {
  for (const std::size_t count : counts_to_try) {
    EXPECT_EQ(world().allgather(contribution(me(), count)), all_contributions(count));
    std::vector<std::int64_t> all(count * as_index(ranks()));
    const auto mine = contribution(me(), count);
    std::copy(mine.begin(), mine.end(),
              all.begin() + static_cast<std::ptrdiff_t>(count * as_index(me())));
    world().allgather(in_place, all);
    EXPECT_EQ(all, all_contributions(count));
  }
  std::vector<std::size_t> lengths;
  const auto parts = world().allgatherv(contribution(me(), as_index(me())), &lengths);
  EXPECT_EQ(parts.size(), as_index(ranks() * (ranks() - 1) / 2));
  EXPECT_EQ(lengths.back(), as_index(ranks() - 1));
  const auto names = world().allgather(std::vector<std::string>{std::to_string(me())});
  for (int rank = 0; rank < ranks(); ++rank)
    EXPECT_EQ(names[as_index(rank)][0], std::to_string(rank));
}

TEST(Reduce, SumsAtTheRootAndEverywhere) {
  for (const std::size_t count : counts_to_try) {
    for (int root = 0; root < ranks(); ++root) {
      const auto result = world().reduce(contribution(me(), count), std::plus<>{}, root);
      EXPECT_EQ(result, me() == root ? sum_of_first(ranks(), count) : std::vector<std::int64_t>());
    }
    EXPECT_EQ(world().allreduce(contribution(me(), count), std::plus<>{}),
              sum_of_first(ranks(), count));
    auto in_and_out = contribution(me(), count);
    world().allreduce(in_place, in_and_out, std::plus<>{});
    EXPECT_EQ(in_and_out, sum_of_first(ranks(), count));
  }
  EXPECT_EQ(world().allreduce(me(), prun::max), ranks() - 1);
  EXPECT_EQ(world().allreduce(me(), prun::min), 0);
  EXPECT_EQ(world().allreduce(me() == 0, std::logical_or<>{}), true);
  const Located<double> nearest{static_cast<double>((me() + 1) % ranks()), me()};
  EXPECT_EQ(world().allreduce(nearest, min_location).index, ranks() - 1);
}

TEST(Reduce, KeepsTheOrderOfRanksForWhatDoesNotCommute) {
  for (int root = 0; root < ranks(); ++root) {
    const Affine result = world().reduce(affine_of(me()), compose, root);
    if (me() == root) {
      EXPECT_EQ(result, composed_up_to(ranks()));
    }
  }
  EXPECT_EQ(world().allreduce(affine_of(me()), compose), composed_up_to(ranks()));
  EXPECT_EQ(world().scan(affine_of(me()), compose), composed_up_to(me() + 1));
  const Affine before = world().exscan(affine_of(me()), compose);
  if (me() > 0) {
    EXPECT_EQ(before, composed_up_to(me()));
  }
}

TEST(ReduceScatter, EqualPartsAndParts) {
  for (const std::size_t count : counts_to_try) {
    std::vector<std::int64_t> all(count * as_index(ranks()), me() + 1);
    std::vector<std::int64_t> mine(count);
    world().reduce_scatter(all, mine, std::plus<>{});
    EXPECT_EQ(mine, std::vector<std::int64_t>(count, ranks() * (ranks() + 1) / 2));
  }
  std::vector<std::size_t> counts(as_index(ranks()));
  std::iota(counts.begin(), counts.end(), 0u);
  std::vector<std::int64_t> all(as_index(ranks() * (ranks() - 1) / 2), 2);
  std::vector<std::int64_t> mine;
  world().reduce_scatter(all, mine, std::plus<>{}, counts);
  EXPECT_EQ(mine, std::vector<std::int64_t>(as_index(me()), 2 * ranks()));
}

TEST(Alltoall, EqualPartsAndParts) {
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{20'000}}) {
    std::vector<std::int64_t> all;
    for (int rank = 0; rank < ranks(); ++rank) all.insert(all.end(), count, me() * 100 + rank);
    const auto received = world().alltoall(all);
    for (int rank = 0; rank < ranks(); ++rank) {
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(received[as_index(rank) * count + i], rank * 100 + me());
      }
    }
    world().alltoall(in_place, all);
    EXPECT_EQ(all, received);
  }
  std::vector<std::vector<int>> parts;
  for (int rank = 0; rank < ranks(); ++rank) parts.emplace_back(as_index(me() + rank), me());
  const auto received = world().alltoallv(parts);
  for (int rank = 0; rank < ranks(); ++rank) {
    EXPECT_EQ(received[as_index(rank)], std::vector<int>(as_index(me() + rank), rank));
  }
}

TEST(Scan, SumsOfThoseBefore) {
  for (const std::size_t count : counts_to_try) {
    EXPECT_EQ(world().scan(contribution(me(), count), std::plus<>{}),
              sum_of_first(me() + 1, count));
    std::vector<std::int64_t> before(count, -7);
    world().exscan(contribution(me(), count), before, std::plus<>{});
    EXPECT_EQ(before, me() == 0 ? std::vector<std::int64_t>(count, -7) : sum_of_first(me(), count));
  }
}

TEST(NonBlocking, SeveralAtOnceCompleteInAnyOrder) {
  std::vector<std::int64_t> a = contribution(me(), 20'000);
  std::vector<std::int64_t> sum(a.size());
  std::vector<std::int64_t> from_root =
      me() == 0 ? contribution(9, 5'000) : std::vector<std::int64_t>(5'000);
  std::vector<std::int64_t> all(3 * as_index(ranks()));
  const std::vector<std::int64_t> three = contribution(me(), 3);
  std::vector<Request> requests;
  requests.push_back(world().iallreduce(a, sum, std::plus<>{}));
  requests.push_back(world().ibcast(from_root, 0));
  requests.push_back(world().ibarrier());
  requests.push_back(world().iallgather(three, all));
  requests[3].wait();
  wait_all(requests);
  EXPECT_EQ(sum, sum_of_first(ranks(), a.size()));
  EXPECT_EQ(from_root, contribution(9, 5'000));
  EXPECT_EQ(all, all_contributions(3));
}

TEST(Misuse, IsToldAtOnce) {
  try {
    std::vector<int> value(1);
    world().bcast(value, ranks());
    FAIL() << "no Error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("there is no root " + std::to_string(ranks())));
  }
  std::array<int, 3> wrong{};
  const std::vector<int> two(2);
  EXPECT_THROW(world().allreduce(two, wrong, std::plus<>{}), Error);
  EXPECT_THROW(world().reduce_scatter(two, wrong, std::plus<>{},
                                      std::vector<std::size_t>(as_index(ranks()) + 1)),
               Error);
}

// The last rank calls alone, so that every one of them waits for somebody. Each on a communicator
// of its own: after a deadline members may stand at different points of it.
TEST(Deadlines, EndTheFormsThatReturnAValue) {
  using std::chrono::milliseconds;
  const std::vector<std::int64_t> part = contribution(me(), as_index(ranks()));
  const std::map<std::string, int> packed{{"rank", me()}};
  const auto expect_timed_out = [](auto call) {
    const Communicator team = world().dup();
    if (me() == ranks() - 1 && ranks() > 1) {
      try {
        call(team, milliseconds(2));
        ADD_FAILURE() << "it did not wait for the others";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::timed_out) << error.what();
      }
    }
    world().barrier();
  };
  const std::plus<> plus;
  expect_timed_out([&](auto& team, Deadline end) { team.allgather(me(), end); });
  expect_timed_out([&](auto& team, Deadline end) { team.allgather(packed, end); });
  expect_timed_out([&](auto& team, Deadline end) { team.allgatherv(part, nullptr, end); });
  expect_timed_out([&](auto& team, Deadline end) { team.allreduce(me(), plus, end); });
  expect_timed_out([&](auto& team, Deadline end) { team.alltoall(part, end); });
  expect_timed_out([&](auto& team, Deadline end) {
    team.alltoallv(std::vector<std::vector<int>>(as_index(ranks()), {1}), end);
  });
  expect_timed_out([&](auto& team, Deadline end) { team.scan(me(), plus, end); });
  expect_timed_out([&](auto& team, Deadline end) { team.exscan(part, plus, end); });
  expect_timed_out([&](auto& team, Deadline end) { team.dup(end); });
  expect_timed_out([&](auto& team, Deadline end) { team.split(0, 0, end); });
  expect_timed_out([&](auto& team, Deadline end) { team.split_by_host(end); });
}

// Those that take several steps have one deadline for all of them.
TEST(Deadlines, LeaveTimeForWhatIsThere) {
  using std::chrono::minutes;
  EXPECT_EQ(world().allgather(me(), minutes(1)).size(), as_index(ranks()));
  EXPECT_EQ(world().allgatherv(contribution(me(), 2), nullptr, minutes(1)), all_contributions(2));
  EXPECT_EQ(world().allreduce(1, std::plus<>{}, minutes(1)), ranks());
  EXPECT_EQ(world().scan(1, std::plus<>{}, minutes(1)), me() + 1);
  EXPECT_EQ(world().exscan(1, std::plus<>{}, minutes(1)), me());
  EXPECT_EQ(world().alltoall(std::vector<int>(as_index(ranks()), me()), minutes(1)).size(),
            as_index(ranks()));
  EXPECT_EQ(world().dup(minutes(1)).size(), ranks());
}

// What the user's operation throws comes out of the call.
TEST(Misuse, AnOperationThatThrowsIsHeard) {
  const auto thrower = [](int, int) -> int { throw std::domain_error("not this"); };
  if (ranks() == 2) {
    EXPECT_THROW(world().dup().allreduce(1, thrower), std::domain_error);
  }
}

}  // namespace
}  // namespace prun::test
