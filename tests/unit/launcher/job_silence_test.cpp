#include "launcher/job/silence.hpp"

#include <gtest/gtest.h>

namespace prun::job {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto all = [](std::uint32_t) { return true; };

// A watch over three hosts whose time only passes as it is told.
class SilenceTest : public testing::Test {
 protected:
  SilenceTest() {
    for (std::uint32_t host = 0; host < 3; ++host) silence_.follow(host, now_);
  }

  // With a look as often as there should be.
  void pass(milliseconds time) {
    for (; time > milliseconds(0); time -= times_.look) {
      now_ += std::min(time, times_.look);
      silence_.look(now_);
    }
  }

  WatchTimes times_ = WatchTimes::of(seconds(4));
  Silence::time_point now_{seconds(1000)};
  Silence silence_{times_, 3, now_};
};

TEST(WatchTimes, ADarkHostIsFoundInTimeToEndTheOthersWithinFiveSeconds) {
  const auto times = WatchTimes::of(seconds(4));
  EXPECT_LE(times.limit + times.look + milliseconds(500), milliseconds(4750));
  // A cable may be out for three seconds, and a beat be lost before and one after.
  EXPECT_GE(times.limit - 2 * times.beat, seconds(3));
  EXPECT_LT(times.suspicion + 4 * times.look, times.limit);
  EXPECT_GE(times.cut_off, seconds(30));
}

TEST(WatchTimes, KeepTheirOrderWhateverTheLimit) {
  for (const auto limit :
       {milliseconds(500), milliseconds(60'000), milliseconds(365L * 86'400'000)}) {
    const auto times = WatchTimes::of(limit);
    EXPECT_LE(times.look, times.beat);
    EXPECT_LT(times.beat, times.suspicion);
    EXPECT_LT(times.suspicion, times.limit);
    EXPECT_GT(times.look, milliseconds(0));
    EXPECT_LT(times.cut_off.count(), std::int64_t{1} << 32);
    EXPECT_GE(times.cut_off, std::min<milliseconds>(times.limit, seconds(86'400)));
  }
}

TEST_F(SilenceTest, NobodyIsOverdueWhoSaysSomething) {
  for (int i = 0; i < 100; ++i) {
    pass(times_.beat);
    for (std::uint32_t host = 0; host < 3; ++host) silence_.heard(host, now_);
    EXPECT_TRUE(silence_.overdue(all).empty());
    EXPECT_FALSE(silence_.is_suspect(0));
  }
}

TEST_F(SilenceTest, WhoSaysNothingIsASuspectFirst) {
  pass(times_.suspicion);
  EXPECT_TRUE(silence_.is_suspect(1));
  EXPECT_TRUE(silence_.overdue(all).empty());
  silence_.heard(1, now_);
  EXPECT_FALSE(silence_.is_suspect(1));
}

TEST_F(SilenceTest, WhoSaysNothingForTheLimitIsOverdue) {
  pass(times_.limit - milliseconds(1));
  EXPECT_TRUE(silence_.overdue(all).empty());
  silence_.heard(0, now_);
  silence_.heard(2, now_);
  pass(milliseconds(1));
  EXPECT_EQ(silence_.overdue(all), std::vector<std::uint32_t>{1});
  EXPECT_EQ(silence_.of(1), times_.limit);
}

TEST_F(SilenceTest, WhoHasFallenSilentAtTheSameTimeIsToldWithIt) {
  pass(times_.beat / 2);
  silence_.heard(2, now_);
  pass(times_.limit - times_.beat / 2);
  silence_.heard(0, now_);
  EXPECT_EQ(silence_.overdue(all), (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(SilenceTest, TimeInWhichThisProcessWasStoppedDoesNotCount) {
  pass(seconds(1));
  now_ += std::chrono::hours(1);
  silence_.look(now_);
  EXPECT_LE(silence_.of(0), seconds(1) + 2 * times_.look);
  EXPECT_TRUE(silence_.overdue(all).empty());
  // What has come meanwhile is read first or last: no matter.
  now_ += std::chrono::hours(1);
  silence_.heard(0, now_);
  EXPECT_EQ(silence_.of(0), milliseconds(0));
  EXPECT_LT(silence_.of(1), times_.limit);
}

TEST_F(SilenceTest, OnlyThoseCountWhoseSilenceMeansSomething) {
  pass(times_.limit);
  EXPECT_EQ(silence_.overdue([](std::uint32_t host) { return host == 2; }),
            std::vector<std::uint32_t>{2});
}

TEST_F(SilenceTest, WhoIsForgottenIsNeverSilent) {
  silence_.forget(0);
  silence_.forget(1);
  pass(times_.limit);
  EXPECT_EQ(silence_.overdue(all), std::vector<std::uint32_t>{2});
  EXPECT_EQ(silence_.of(0), milliseconds(0));
  silence_.heard(0, now_);
  EXPECT_FALSE(silence_.follows(0));
}

}  // namespace
}  // namespace prun::job
