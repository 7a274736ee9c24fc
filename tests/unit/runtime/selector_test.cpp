#include "runtime/coll/selector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "runtime/coll/start.hpp"
#include "tests/support/cluster.hpp"

namespace prun::coll {
namespace {

using testing::HasSubstr;

constexpr Link memory_bus{500, 200};
constexpr LinkModel ethernet_10{{200'000, 836'000}, memory_bus};
constexpr LinkModel ethernet_100{{100'000, 83'600}, memory_bus};
constexpr LinkModel ethernet_1000{{80'000, 8'360}, memory_bus};

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
  Choice<Arguments> chosen(const Team& team, const Arguments& arguments, const LinkModel& links) {
    Situation situation = situation_of(team, arguments);
    situation.links = links;
    return select<Arguments>(situation, tuning_).value();
  }
  template <class Arguments>
  std::string choice(const Team& team, const Arguments& arguments,
                     const LinkModel& links = LinkModel()) {
    Situation situation = situation_of(team, arguments);
    situation.links = links;
    const auto selected = select<Arguments>(situation, tuning_);
    return selected ? std::string(selected.value().algorithm->name) : selected.failure().text;
  }
  BcastArguments bcast_of(std::size_t bytes) {
    memory_.resize(bytes);
    BcastArguments arguments;
    arguments.data = memory_;
    arguments.root = 0;
    return arguments;
  }
  std::string bcast_choice(int ranks, std::size_t bytes, const LinkModel& links = LinkModel()) {
    return choice(team(ranks), bcast_of(bytes), links);
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

// The crossovers that follow from the formulas, at three speeds.
TEST_F(Selector, TakesTheCheapest) {
  EXPECT_EQ(bcast_choice(2, 1 << 20, ethernet_100), "binomial");
  EXPECT_EQ(bcast_choice(8, 8, ethernet_10), "binomial");
  EXPECT_EQ(bcast_choice(8, 8, ethernet_1000), "binomial");
  EXPECT_EQ(bcast_choice(8, 1 << 20, ethernet_10), "chain");
  EXPECT_EQ(bcast_choice(8, 1 << 20, ethernet_100), "chain");
  EXPECT_EQ(bcast_choice(8, 1 << 20, ethernet_1000), "chain");
  // What takes longer on a slower link is worth more messages.
  EXPECT_EQ(choice(team(8), allreduce_of(2 << 10, true), ethernet_1000), "recursive_doubling");
  EXPECT_EQ(choice(team(8), allreduce_of(16 << 10, true), ethernet_100), "rabenseifner");
  EXPECT_EQ(choice(team(7), allreduce_of(64 << 10, true), ethernet_10), "ring");
  // Long messages keep the connections that they have.
  EXPECT_EQ(choice(team(8), allreduce_of(1 << 20, true), ethernet_10), "ring");
  EXPECT_EQ(choice(team(8), allreduce_of(1 << 20, true), ethernet_100), "ring");
  EXPECT_EQ(choice(team(8), allreduce_of(1 << 20, true), ethernet_1000), "ring");
  // Where ranks are no power of two, some have twice as much to do.
  EXPECT_EQ(choice(team(7), allreduce_of(1 << 20, false), ethernet_100), "pairwise");
}

TEST_F(Selector, PassesOverWhatDoesNotFit) {
  EXPECT_EQ(choice(team(16, 3), gather_on(3, 10, true), ethernet_100), "binomial");
  EXPECT_EQ(choice(team(16, 3), gather_on(3, 10, false), ethernet_100), "linear");
}

TEST_F(Selector, SegmentsGrowWithTheLatencyTheyMustOutweigh) {
  const auto segment = [this](const LinkModel& links) {
    return chosen(team(8), bcast_of(1 << 20), links).segment_bytes;
  };
  EXPECT_LE(segment(ethernet_10), segment(ethernet_100));
  EXPECT_LT(segment(ethernet_100), segment(ethernet_1000));
}

// No cliff where the algorithm changes: a longer message never costs less.
TEST(CostModel, LongerMessagesNeverCostLess) {
  for (const LinkModel& links : plausible_links()) {
    for (const int ranks : {2, 3, 4, 7, 8, 16, 64}) {
      for (std::size_t i = 0; i < operation_count; ++i) {
        for (const bool shared : {false, true}) {
          for (const bool commutative : {false, true}) {
            Nanoseconds before = 0;
            for (std::size_t bytes = 0; bytes < (4u << 20); bytes += bytes / 7 + 1) {
              Situation situation;
              situation.ranks = ranks;
              situation.per_host = shared ? 2 : 1;
              situation.hosts = shared ? (ranks + 1) / 2 : ranks;
              situation.bytes = bytes;
              situation.commutative = commutative;
              situation.links = links;
              const auto predicted = predict(static_cast<Operation>(i), situation, Tuning());
              ASSERT_TRUE(predicted);
              ASSERT_GE(predicted.value().cost, before)
                  << operation_names[i] << " of " << bytes << " bytes, " << ranks << " ranks, by "
                  << predicted.value().algorithm;
              before = predicted.value().cost;
            }
          }
        }
      }
    }
  }
}

// Ranks of one host send through its port once: the leaders' way is taken where it is cheaper.
TEST(CostModel, LongMessagesCrossALinkOnceForEachHost) {
  Situation situation;
  situation.ranks = 8;
  situation.hosts = 4;
  situation.per_host = 2;
  situation.bytes = 1 << 20;
  EXPECT_EQ(predict(Operation::bcast, situation, Tuning()).value().algorithm, "by_host");
  EXPECT_EQ(predict(Operation::allreduce, situation, Tuning()).value().algorithm, "by_host");
  EXPECT_EQ(predict(Operation::reduce, situation, Tuning()).value().algorithm, "by_host");
  EXPECT_EQ(predict(Operation::allgather, situation, Tuning()).value().algorithm, "by_host");
  situation.commutative = false;
  EXPECT_NE(predict(Operation::allreduce, situation, Tuning()).value().algorithm, "by_host");
}

TEST(CostModel, HugeMessagesDoNotOverflow) {
  Situation situation;
  situation.ranks = 1024;
  situation.hosts = 1024;
  situation.bytes = std::numeric_limits<std::size_t>::max() / 4096;
  situation.links.between_hosts = {100'000'000, 100'000'000};
  for (std::size_t i = 0; i < operation_count; ++i)
    EXPECT_GE(predict(static_cast<Operation>(i), situation, Tuning()).value().cost, 0)
        << operation_names[i];
}

// What needs no measuring.
TEST_F(Selector, KnowsWhenTheLinksDoNotMatter) {
  const auto anyhow = [this](int ranks, std::size_t bytes) {
    return select_anyhow<BcastArguments>(situation_of(team(ranks), bcast_of(bytes)), tuning_)
        .has_value();
  };
  EXPECT_TRUE(anyhow(8, 8));
  EXPECT_TRUE(anyhow(2, 1 << 20));
  EXPECT_FALSE(anyhow(8, 1 << 20));
  EXPECT_TRUE(select_anyhow<BarrierArguments>(situation_of(team(8), BarrierArguments{}), tuning_));
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
            "scatter_allgather by_host");

  const core::Status checked = check(tuning_);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.failure().code, Errc::invalid_argument);
  EXPECT_THAT(checked.failure().text, HasSubstr("binomal"));

  Task task = bcast(team(1), BcastArguments{}, Basis{tuning_});
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
  EXPECT_EQ(choices, std::set<std::string>{"interleaved"});
}

}  // namespace
}  // namespace prun::coll
