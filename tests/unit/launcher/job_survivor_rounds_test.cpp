#include "launcher/job/survivor_rounds.hpp"

#include <gtest/gtest.h>

namespace prun::job {
namespace {

using bootstrap::SurvivorsAgreed;
using bootstrap::SurvivorsAsked;

const std::vector<std::uint32_t> members{3, 0, 2, 1};

class SurvivorRoundsTest : public ::testing::Test {
 protected:
  void come(std::uint32_t rank, std::uint32_t free_context = 2) {
    EXPECT_TRUE(rounds_.come({rank, 0, free_context, members}, 4).ok());
  }
  std::vector<SurvivorsAgreed> due() { return rounds_.due(gone_); }

  SurvivorRounds rounds_;
  std::vector<bool> gone_ = std::vector<bool>(4, false);
};

TEST_F(SurvivorRoundsTest, AnswersOnceWhenAllHaveCome) {
  for (const std::uint32_t rank : {1u, 3u, 0u}) {
    come(rank, 4 + rank);
    EXPECT_TRUE(due().empty());
  }
  come(2);
  EXPECT_EQ(due(), (std::vector<SurvivorsAgreed>{{0, 7, members}}));
  EXPECT_TRUE(due().empty());
  EXPECT_TRUE(rounds_.empty());
}

TEST_F(SurvivorRoundsTest, WaitsForNobodyWhoIsGone) {
  come(0);
  come(1);
  come(3);
  gone_[2] = true;
  gone_[3] = true;  // after it had come
  EXPECT_EQ(due(), (std::vector<SurvivorsAgreed>{{0, 2, {0, 1}}}));
}

TEST_F(SurvivorRoundsTest, WaitsForOneThatIsAboutToStart) {
  gone_[3] = true;  // as long as it is not to be
  come(0);
  come(1);
  gone_[3] = false;
  come(2);
  EXPECT_TRUE(due().empty());
  come(3);
  EXPECT_EQ(due(), (std::vector<SurvivorsAgreed>{{0, 2, members}}));
}

TEST_F(SurvivorRoundsTest, ForgetsRoundsOfWhichNobodyIsLeft) {
  come(0);
  gone_.assign(4, true);
  EXPECT_TRUE(due().empty());
  EXPECT_TRUE(rounds_.empty());
}

TEST_F(SurvivorRoundsTest, TellsGroupsOfOneContextApart) {
  EXPECT_TRUE(rounds_.come({0, 8, 2, {0, 1}}, 4).ok());
  EXPECT_TRUE(rounds_.come({2, 8, 2, {2, 3}}, 4).ok());
  EXPECT_TRUE(due().empty());
  EXPECT_TRUE(rounds_.come({3, 8, 2, {2, 3}}, 4).ok());
  EXPECT_EQ(due(), (std::vector<SurvivorsAgreed>{{8, 2, {2, 3}}}));
}

TEST_F(SurvivorRoundsTest, ComingTwiceIsComingOnce) {
  come(0);
  come(0);
  EXPECT_TRUE(due().empty());
}

TEST_F(SurvivorRoundsTest, RefusesWhatCannotBe) {
  EXPECT_FALSE(rounds_.come({0, 0, 2, {0, 4}}, 4).ok());
  bool refused = false;
  for (std::uint32_t context = 0; context < 5000 && !refused; context += 2)
    refused = !rounds_.come({0, context, 2, {0, 1}}, 4).ok();
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace prun::job
