#include "runtime/clock/offset_filter.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace prun::clock {
namespace {

constexpr Nanoseconds microsecond = 1000;
constexpr Nanoseconds millisecond = 1000 * microsecond;
constexpr Nanoseconds second = 1000 * millisecond;

// Two hosts: the job's time is the true one, the own clock is off and drifts.
class TwoHosts {
 public:
  TwoHosts(Nanoseconds offset, double drift) : offset_(offset), drift_(drift) {}

  Nanoseconds own(Nanoseconds true_time) const {
    return true_time + offset_ + static_cast<Nanoseconds>(drift_ * static_cast<double>(true_time));
  }

  // A question that leaves at that true time and takes so long there and back.
  Exchange exchange(Nanoseconds leaves, Nanoseconds there, Nanoseconds back) const {
    const Nanoseconds came = leaves + there;
    const Nanoseconds left = came + 20 * microsecond;
    return {own(leaves), came, left, own(left + back), 0};
  }

 private:
  Nanoseconds offset_;
  double drift_;
};

TEST(OffsetFilter, KnowsNothingBeforeTheFirstExchange) {
  OffsetFilter filter;
  EXPECT_FALSE(filter.estimate(second));
}

TEST(OffsetFilter, OneExchangeBoundsTheTimeByHalfItsTravel) {
  const TwoHosts hosts(-3 * second, 0);
  OffsetFilter filter;
  filter.add(hosts.exchange(second, 100 * microsecond, 100 * microsecond));
  const Nanoseconds later = second + millisecond;
  const auto line = filter.estimate(hosts.own(later));
  ASSERT_TRUE(line);
  const Reading reading = line->at(hosts.own(later));
  EXPECT_NEAR(static_cast<double>(reading.time), static_cast<double>(later), 2.0 * microsecond);
  EXPECT_GE(reading.error, 100 * microsecond);
  EXPECT_LE(reading.error, 102 * microsecond);
}

struct Case {
  const char* name;
  Nanoseconds offset;
  double drift;
  Nanoseconds queue;          // mean time in queues, each way
  Nanoseconds allowed_error;  // after ten seconds

  friend void PrintTo(const Case& what, std::ostream* out) { *out << what.name; }
};

class OffsetFilterRun : public testing::TestWithParam<Case> {};

// An hour of questions, two a second; the bound holds at every moment between them.
TEST_P(OffsetFilterRun, TheBoundHoldsAlways) {
  const Case& what = GetParam();
  const TwoHosts hosts(what.offset, what.drift);
  std::mt19937_64 random(7);
  std::exponential_distribution<double> queue(1.0 / static_cast<double>(what.queue));
  const auto travel = [&] { return 60 * microsecond + static_cast<Nanoseconds>(queue(random)); };
  OffsetFilter filter;
  std::optional<ClockLine> line;
  Nanoseconds worst = 0;
  Nanoseconds before = 0;
  for (int i = 0; i < 7200; ++i) {
    const Nanoseconds leaves = (i + 1) * (second / 2);
    filter.add(hosts.exchange(leaves, travel(), travel()));
    const Nanoseconds published = leaves + 100 * millisecond;
    const auto estimate = filter.estimate(hosts.own(published));
    ASSERT_TRUE(estimate);
    line = line ? estimate->joined_to(*line) : *estimate;
    for (int step = 0; step < 5; ++step) {
      const Nanoseconds now = published + step * 100 * millisecond;
      const Reading reading = line->at(hosts.own(now));
      const Nanoseconds error = std::abs(reading.time - now);
      ASSERT_LE(error, reading.error) << "at " << static_cast<double>(now) / second << " s";
      ASSERT_GE(reading.time, before);
      before = reading.time;
      if (now > 10 * second) worst = std::max(worst, error);
    }
  }
  EXPECT_LE(worst, what.allowed_error);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, OffsetFilterRun,
    testing::Values(Case{"idle", 0, 0, 20 * microsecond, 100 * microsecond},
                    Case{"fast", 5 * second, 400e-6, 20 * microsecond, 100 * microsecond},
                    Case{"slow", -5 * second, -400e-6, 20 * microsecond, 100 * microsecond},
                    Case{"loaded", second, 200e-6, 3 * millisecond, millisecond}),
    [](const auto& each) { return each.param.name; });

// Somebody has unplugged the cable for a minute: the bound grows with what is not known of the rate.
TEST(OffsetFilter, WithoutAnswersTheBoundGrowsAndHolds) {
  const TwoHosts hosts(second, 150e-6);
  OffsetFilter filter;
  for (int i = 1; i <= 60; ++i)
    filter.add(hosts.exchange(i * (second / 2), 80 * microsecond, 90 * microsecond));
  const auto line = filter.estimate(hosts.own(31 * second));
  ASSERT_TRUE(line);
  const Reading soon = line->at(hosts.own(31 * second));
  const Reading late = line->at(hosts.own(91 * second));
  EXPECT_GT(late.error, soon.error);
  EXPECT_LE(std::abs(late.time - 91 * second), late.error);
  EXPECT_LE(late.error, 2 * millisecond);
}

// Another host leads: what was known of the rate is as good a guess as there is, and no more.
TEST(OffsetFilter, BeginsWithTheRateThatIsLikely) {
  const TwoHosts hosts(second, 300e-6);
  const double right = 1 / (1 + 300e-6) - 1;
  for (const double likely : {right, 0.0, -500e-6, 5000e-6}) {
    OffsetFilter filter(likely);
    filter.add(hosts.exchange(second, 50 * microsecond, 60 * microsecond));
    const auto line = filter.estimate(hosts.own(second));
    ASSERT_TRUE(line);
    const Nanoseconds later = 2 * second;
    const Reading reading = line->at(hosts.own(later));
    EXPECT_LE(std::abs(reading.time - later), reading.error) << likely;
    if (likely == right) {
      EXPECT_LE(std::abs(reading.time - later), 200 * microsecond);
    }
    for (int i = 2; i < 30; ++i)
      filter.add(hosts.exchange(i * second, 50 * microsecond, 60 * microsecond));
    EXPECT_NEAR(filter.estimate(hosts.own(30 * second))->rate, right, 20e-6) << likely;
  }
}

// A clock that is set anew contradicts what was known.
TEST(OffsetFilter, AfterAJumpOnlyWhatCameLaterCounts) {
  const TwoHosts before(second, 0);
  const TwoHosts after(2 * second, 0);
  OffsetFilter filter;
  for (int i = 1; i <= 40; ++i)
    filter.add(before.exchange(i * second, 80 * microsecond, 80 * microsecond));
  for (int i = 41; i <= 50; ++i) {
    filter.add(after.exchange(i * second, 80 * microsecond, 80 * microsecond));
    filter.estimate(after.own(i * second + millisecond));
  }
  const Nanoseconds now = 51 * second;
  const auto line = filter.estimate(after.own(now));
  ASSERT_TRUE(line);
  const Reading reading = line->at(after.own(now));
  EXPECT_LE(std::abs(reading.time - now), reading.error);
  EXPECT_LE(reading.error, 100 * microsecond);
}

TEST(OffsetFilter, MemoryIsBounded) {
  const TwoHosts hosts(0, 0);
  OffsetFilter filter;
  for (int i = 1; i <= 1000; ++i)
    filter.add(hosts.exchange(i * millisecond, 80 * microsecond, 80 * microsecond));
  EXPECT_LE(filter.exchanges(), 64U);
}

}  // namespace
}  // namespace prun::clock
