#include "launcher/job/rank_reports.hpp"

#include <gtest/gtest.h>

#include "launcher/agent/output_pipe.hpp"

namespace prun::job {
namespace {

class Reports : public ::testing::Test {
 protected:
  RankReports reports_{3, 2};
};

TEST_F(Reports, TheLifeOfARankIsBelieved) {
  EXPECT_FALSE(reports_.started(1));
  EXPECT_FALSE(reports_.announced(1));
  EXPECT_FALSE(reports_.exited(1));
  EXPECT_FALSE(reports_.done(1));
  EXPECT_TRUE(reports_.started(1)) << "nobody has ordered that";
  reports_.may_start(1);
  EXPECT_FALSE(reports_.started(1)) << "and it may live again";
  EXPECT_FALSE(reports_.announced(1));
}

TEST_F(Reports, NothingIsBelievedTwiceOrOutOfTurn) {
  EXPECT_EQ(reports_.exited(2), "its agent says that rank 2 has ended, which does not run");
  EXPECT_FALSE(reports_.started(2));
  EXPECT_EQ(reports_.started(2), "its agent says twice that rank 2 was started");
  EXPECT_EQ(reports_.done(2), "its agent says that all of rank 2 is told, which has not ended");
  EXPECT_FALSE(reports_.announced(2));
  EXPECT_EQ(reports_.announced(2), "its agent says twice where rank 2 listens");
  EXPECT_FALSE(reports_.exited(2));
  EXPECT_TRUE(reports_.exited(2));
  EXPECT_FALSE(reports_.done(2));
  EXPECT_TRUE(reports_.done(2));
}

TEST_F(Reports, OutputIsBoundedByWhatWasGivenBack) {
  constexpr std::size_t window = agent::OutputWindow::size_bytes;
  EXPECT_FALSE(reports_.printed(0, window));
  EXPECT_FALSE(reports_.printed(1, window)) << "each host has its own";
  reports_.given_back(0, 10);
  EXPECT_FALSE(reports_.printed(0, 10));
  EXPECT_EQ(reports_.printed(0, 1), "its agent sends more output than there is room for");
}

TEST_F(Reports, WhatALostAgentHasPrintedIsNotGivenBackToTheNext) {
  constexpr std::size_t window = agent::OutputWindow::size_bytes;
  EXPECT_FALSE(reports_.printed(0, 100));
  reports_.host_lost(0);
  EXPECT_FALSE(reports_.printed(0, window)) << "the next has all the room";
  EXPECT_EQ(reports_.given_back(0, 60), 0U);
  EXPECT_EQ(reports_.given_back(0, 50), 10U);
  EXPECT_FALSE(reports_.printed(0, 10));
  EXPECT_TRUE(reports_.printed(0, 1));
}

TEST_F(Reports, NoRankReadsMoreThanItWasGiven) {
  reports_.given_input(100);
  EXPECT_FALSE(reports_.started(0));
  EXPECT_FALSE(reports_.started(1));
  reports_.given_input(100);
  EXPECT_FALSE(reports_.read_input(0, 60));
  EXPECT_FALSE(reports_.read_input(0, 40));
  EXPECT_EQ(reports_.read_input(0, 1),
            "its agent says that rank 0 has read more than it was given");
}

}  // namespace
}  // namespace prun::job
