#include "launcher/hang/silent_links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hang_job.hpp"
#include "launcher/hang/findings.hpp"

namespace prun::hang {
namespace {

using std::chrono::milliseconds;
using test::Job;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(HangSilence, OfTwoThatAnswerTheLongestCounts) {
  Job job(3);
  job[0].silent = {{1, 21'000}};
  job[2].silent = {{0, 4000}, {1, 30'000}};
  const auto pair = find_silent_pair(job.facts, milliseconds(20'000));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->rank, 2u);
  EXPECT_EQ(pair->peer, 1u);
  EXPECT_EQ(pair->silence, milliseconds(30'000));
  EXPECT_FALSE(find_silent_pair(job.facts, milliseconds(30'001)));
}

TEST(HangSilence, OfHostsThatDoNotAnswerTheHostWatchKnowsMore) {
  Job job(2);
  job[0].silent = {{1, 60'000}};
  job.facts.ranks[1].state.reset();
  EXPECT_FALSE(find_silent_pair(job.facts, milliseconds(20'000)));
}

TEST(HangSilence, RanksThatAreNoneAreIgnored) {
  Job job(2);
  job[0].silent = {{4'000'000'000u, 60'000}};
  EXPECT_FALSE(find_silent_pair(job.facts, milliseconds(20'000)));
}

TEST(HangSilence, ComesFirstInAReport) {
  Job job(2);
  job.facts.ranks[0].host = "rpi1";
  job.facts.ranks[1].host = "rpi2";
  job.in(0, "recv", test::receive(1, 1));
  job.in(1, "recv", test::receive(0, 1));
  job[0].silent = {{1, 12'000}};
  ASSERT_FALSE(find_causes(job.facts).empty());
  EXPECT_THAT(find_causes(job.facts).front(),
              StartsWith("nothing that rank 0 on rpi1 sends to rank 1 on rpi2 has been confirmed "
                         "for 12 s, though both hosts answer prun"));
  job[0].silent = {{1, 3000}};
  EXPECT_THAT(find_silent(job.facts), IsEmpty());
}

}  // namespace
}  // namespace prun::hang
