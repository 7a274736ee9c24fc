#include "runtime/coll/selector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "runtime/coll/start.hpp"
#include "tests/support/cluster.hpp"

namespace prun::coll {
namespace {

using testing::HasSubstr;

// A rank among many, of which only the number matters: nothing is sent.
class Selector : public testing::Test {
 protected:
  Selector() : cluster_({}) {}

  Team team(int size, int rank = 0) {
    members_.resize(static_cast<std::size_t>(size));
    std::iota(members_.begin(), members_.end(), 0);
    return Team(cluster_.endpoint(0), members_, rank, 1, 1, datatype_of<std::byte>());
  }
  template <class Arguments>
  std::string choice(const Team& team, const Arguments& arguments) {
    const auto selected = select(team, arguments, tuning_);
    return selected ? std::string(selected.value()->name) : selected.failure().text;
  }
  std::string bcast_choice(int ranks, std::size_t bytes) {
    memory_.resize(bytes);
    BcastArguments arguments;
    arguments.data = memory_;
    return choice(team(ranks), arguments);
  }
  AllreduceArguments allreduce_of(std::size_t bytes, bool commutative) {
    memory_.resize(bytes);
    AllreduceArguments arguments;
    arguments.data = memory_;
    arguments.op.commutative = commutative;
    return arguments;
  }
  GatherArguments gather_on(int rank, std::size_t block, bool uniform) {
    memory_.resize(16 * block);
    GatherArguments arguments;
    arguments.uniform = uniform;
    arguments.root = 3;
    if (rank == arguments.root) {
      arguments.all = Blocks::uniform(memory_.data(), 16, block);
    } else {
      arguments.mine = std::span(memory_).first(block);
    }
    return arguments;
  }

  test::Cluster cluster_;
  std::vector<p2p::WorldRank> members_;
  std::vector<std::byte> memory_;
  Tuning tuning_;
};

TEST_F(Selector, TakesTheFirstRowThatCoversTheCall) {
  const std::array<Row, 4> rows = {{{Operation::allreduce, 1, any_bytes, "ring"},
                                    {Operation::bcast, 8, 100, "scatter_allgather"},
                                    {Operation::bcast, 3, 100, "binomial"},
                                    {Operation::bcast, 1, any_bytes, "chain"}}};
  tuning_.rows = rows;
  EXPECT_EQ(bcast_choice(2, 100), "chain");
  EXPECT_EQ(bcast_choice(3, 100), "binomial");
  EXPECT_EQ(bcast_choice(3, 101), "chain");
  EXPECT_EQ(bcast_choice(7, 100), "binomial");
  EXPECT_EQ(bcast_choice(8, 0), "scatter_allgather");
  EXPECT_EQ(bcast_choice(8, 100), "scatter_allgather");
  EXPECT_EQ(bcast_choice(8, 101), "chain");
}

TEST_F(Selector, PassesOverRowsThatDoNotFit) {
  const std::array<Row, 2> rows = {{{Operation::allreduce, 1, any_bytes, "ring"},
                                    {Operation::allreduce, 1, any_bytes, "pairwise"}}};
  tuning_.rows = rows;
  EXPECT_EQ(choice(team(4), allreduce_of(64, true)), "ring");
  EXPECT_EQ(choice(team(4), allreduce_of(64, false)), "pairwise");
}

TEST_F(Selector, FindsAnAlgorithmWithoutAnyRow) {
  tuning_.rows = {};
  EXPECT_EQ(choice(team(4), allreduce_of(64, false)), "recursive_doubling");
  EXPECT_EQ(choice(team(16, 3), gather_on(3, 10, false)), "linear");
}

TEST_F(Selector, AForcedNameWinsWhereItFits) {
  tuning_.forced[index_of(Operation::allreduce)] = "ring";
  EXPECT_EQ(choice(team(4), allreduce_of(1, true)), "ring");
  EXPECT_EQ(choice(team(4), allreduce_of(1, false)), "recursive_doubling");
  EXPECT_EQ(bcast_choice(4, 1), "binomial");
}

TEST_F(Selector, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  tuning_.forced[index_of(Operation::bcast)] = "binomal";
  EXPECT_EQ(bcast_choice(4, 1),
            "there is no algorithm \"binomal\" for bcast; choose one of: binomial chain "
            "scatter_allgather");

  const core::Status checked = check(tuning_);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.failure().code, Errc::invalid_argument);
  EXPECT_THAT(checked.failure().text, HasSubstr("binomal"));

  Task task = bcast(team(1), BcastArguments{}, tuning_);
  task.start();
  ASSERT_TRUE(task.done());
  const auto failure = test::failure_of(task);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Errc::invalid_argument);
}

TEST_F(Selector, AcceptsEveryNameThatItLists) {
  EXPECT_TRUE(check(tuning_));
  for (std::size_t i = 0; i < operation_count; ++i) {
    const core::Failure listing = unknown_algorithm(static_cast<Operation>(i), "");
    const std::string_view intro = "choose one of: ";
    std::string names = listing.text.substr(listing.text.find(intro) + intro.size());
    ASSERT_FALSE(names.empty());
    for (std::size_t end = 0; end != std::string::npos; names.erase(0, end + 1)) {
      end = names.find(' ');
      tuning_.forced[i] = names.substr(0, end);
      EXPECT_TRUE(check(tuning_)) << tuning_.forced[i];
    }
    tuning_.forced[i].clear();
  }
}

TEST_F(Selector, RefusesTheNameOfAnotherOperationsAlgorithm) {
  tuning_.forced[index_of(Operation::barrier)] = "ring";
  EXPECT_FALSE(check(tuning_));
}

// Root and others hold different things; the choice must not depend on which of them asks.
TEST_F(Selector, AllRanksOfAGatherChooseAlike) {
  for (const bool uniform : {true, false}) {
    for (const std::size_t block : {std::size_t{0}, std::size_t{2048}, std::size_t{2049}}) {
      std::set<std::string> choices;
      for (int rank = 0; rank < 16; ++rank) {
        // Blocks of any size where they are not equal.
        const std::size_t mine = uniform ? block : block + 1000 * static_cast<std::size_t>(rank);
        choices.insert(choice(team(16, rank), gather_on(rank, mine, uniform)));
      }
      EXPECT_EQ(choices.size(), 1u) << block << (uniform ? " equal" : " different");
    }
  }
}

TEST_F(Selector, AllRanksOfAScatterChooseAlike) {
  for (const bool uniform : {true, false}) {
    for (const std::size_t block : {std::size_t{0}, std::size_t{2048}, std::size_t{2049}}) {
      memory_.resize(16 * block);
      std::set<std::string> choices;
      for (int rank = 0; rank < 16; ++rank) {
        ScatterArguments arguments;
        arguments.uniform = uniform;
        arguments.root = 3;
        arguments.mine.count = uniform ? block : static_cast<std::size_t>(rank);
        if (rank == arguments.root) {
          arguments.mine.count = 0;
          arguments.all = Blocks::uniform(memory_.data(), 16, block);
        }
        choices.insert(choice(team(16, rank), arguments));
      }
      EXPECT_EQ(choices.size(), 1u) << block << (uniform ? " equal" : " different");
    }
  }
}

TEST_F(Selector, UnequalAlltoallDoesNotDependOnThisRanksSizes) {
  std::set<std::string> choices;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{10}, std::size_t{100000}}) {
    AlltoallArguments arguments;
    arguments.outgoing = Blocks::at(nullptr, {0, 0, 0}, {bytes, bytes, 0});
    arguments.incoming = arguments.outgoing;
    choices.insert(choice(team(3), arguments));
  }
  EXPECT_EQ(choices, std::set<std::string>{"pairwise"});
}

// The default table: each row names an algorithm of its operation and can be reached, and the last
// resort of each operation covers every call.
TEST(DefaultRows, NameKnownAlgorithms) {
  Tuning tuning;
  for (const Row& row : default_rows()) {
    tuning.forced[index_of(row.operation)] = std::string(row.algorithm);
    EXPECT_TRUE(check(tuning)) << name_of(row.operation) << " " << row.algorithm;
  }
}

TEST(DefaultRows, CoverEveryCall) {
  for (std::size_t i = 0; i < operation_count; ++i) {
    bool covered = false;
    for (const Row& row : default_rows()) {
      if (index_of(row.operation) == i && row.ranks_from <= 1 && row.bytes_up_to == any_bytes)
        covered = true;
    }
    EXPECT_TRUE(covered) << operation_names[i];
  }
}

// Long messages never go down a tree, where the root's link carries them several times.
TEST_F(Selector, PipelinesLongMessages) {
  EXPECT_EQ(bcast_choice(4, 1 << 20), "chain");
  EXPECT_EQ(bcast_choice(4, 1), "binomial");
  EXPECT_EQ(choice(team(8), allreduce_of(1 << 20, true)), "ring");
  EXPECT_EQ(choice(team(8), allreduce_of(1 << 20, false)), "pairwise");
  EXPECT_EQ(choice(team(8), allreduce_of(8, false)), "recursive_doubling");
}

}  // namespace
}  // namespace prun::coll
