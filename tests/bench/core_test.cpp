#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bench/bound.hpp"
#include "bench/json_line.hpp"
#include "bench/pattern.hpp"
#include "bench/report.hpp"
#include "bench/statistics.hpp"

namespace prun::bench {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Statistics, MedianOfOddAndEvenCounts) {
  EXPECT_DOUBLE_EQ(summarize({3, 1, 2}).median, 2);
  EXPECT_DOUBLE_EQ(summarize({4, 1, 2, 3}).median, 2.5);
  EXPECT_DOUBLE_EQ(summarize({7}).median, 7);
}

TEST(Statistics, NinetyNineOfHundredDoNotExceedP99) {
  std::vector<double> samples;
  for (int i = 200; i >= 1; --i) samples.push_back(i);
  const Summary summary = summarize(samples, 10);
  EXPECT_DOUBLE_EQ(summary.p99, 1980);
  EXPECT_DOUBLE_EQ(summary.minimum, 10);
  EXPECT_DOUBLE_EQ(summarize({1, 2}).p99, 2);
}

TEST(Statistics, AcrossRanksPerSample) {
  // Three ranks of which two take the time, two samples each.
  const std::vector<double> times{1, 2, 3, 8, 100, 100};
  const AcrossRanks across = combine_ranks(times, 2, 2);
  EXPECT_THAT(across.average, ElementsAre(2, 5));
  EXPECT_THAT(across.slowest, ElementsAre(3, 8));
}

TEST(Plan, FillsTheBudget) {
  const Plan slow = plan_measurement(0.01, 1.0, 0, true, 10'000);
  EXPECT_EQ(slow.samples, 100u);
  EXPECT_EQ(slow.batch, 1u);
}

TEST(Plan, AtLeastThreeSamplesAndAtMostThoseAllowed) {
  EXPECT_EQ(plan_measurement(60, 1.0, 0, true, 10'000).samples, 3u);
  EXPECT_EQ(plan_measurement(1e-5, 1.0, 0, true, 500).samples, 500u);
}

TEST(Plan, ShortStepsAreBatchedWhereAllowed) {
  EXPECT_GT(plan_measurement(1e-7, 1.0, 0, true, 10'000).batch, 10u);
  EXPECT_EQ(plan_measurement(1e-7, 1.0, 0, false, 10'000).batch, 1u);
}

TEST(Plan, FixedStepsAreAllMade) {
  for (const std::size_t steps : {1u, 7u, 1000u}) {
    const Plan plan = plan_measurement(1e-7, 1.0, steps, true, 10);
    EXPECT_GE(plan.samples * plan.batch, steps);
    EXPECT_LT(plan.samples * plan.batch, steps + plan.batch);
  }
}

TEST(Pattern, EveryChangedByteIsNoticed) {
  std::vector<std::byte> data(1000);
  fill_pattern(data, 3);
  EXPECT_NO_THROW(check_pattern(data, 3, "here"));
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::vector<std::byte> changed = data;
    changed[i] ^= std::byte{1};
    try {
      check_pattern(changed, 3, "here");
      ADD_FAILURE() << "byte " << i << " may be anything";
    } catch (const VerificationError& error) {
      EXPECT_THAT(error.what(), HasSubstr("here: byte " + std::to_string(i) + " is"));
    }
  }
}

TEST(Pattern, AnotherRanksPartIsNoticed) {
  std::vector<std::byte> data(16);
  for (std::uint64_t seed = 1; seed < 256; ++seed) {
    fill_pattern(data, seed);
    EXPECT_THROW(check_pattern(data, 0, "here"), VerificationError) << seed;
  }
}

TEST(Pattern, WhatWasNeverWrittenDiffersEverywhere) {
  std::vector<std::byte> pattern(1000);
  std::vector<std::byte> other(1000);
  fill_pattern(pattern, 9);
  fill_other(other, 9);
  for (std::size_t i = 0; i < pattern.size(); ++i) EXPECT_NE(pattern[i], other[i]);
}

TEST(Pattern, SwappedSegmentsAreNoticed) {
  std::vector<std::byte> data(4 * 4096);
  fill_pattern(data, 1);
  std::swap_ranges(data.begin(), data.begin() + 4096, data.begin() + 8192);
  EXPECT_THROW(check_pattern(data, 1, "here"), VerificationError);
}

// What a right reduction over ranks 0 to `ranks` - 1 gives.
std::vector<float> summed(int ranks, std::size_t count) {
  std::vector<float> sums(count);
  std::vector<float> one(count);
  for (int rank = 0; rank < ranks; ++rank) {
    fill_numbers(one, rank);
    for (std::size_t i = 0; i < count; ++i) sums[i] += one[i];
  }
  return sums;
}

TEST(Sums, RightOnesPassAtAnyPlaceOfTheVector) {
  const std::vector<float> sums = summed(5, 300);
  EXPECT_NO_THROW(check_sums(sums, 5, 0, "here"));
  EXPECT_NO_THROW(check_sums(std::span(sums).subspan(123), 5, 123, "here"));
}

TEST(Sums, MissingRanksWrongPlacesAndNanAreNoticed) {
  std::vector<float> sums = summed(4, 300);
  EXPECT_THROW(check_sums(sums, 5, 0, "here"), VerificationError);
  EXPECT_THROW(check_sums(std::span(sums).subspan(1), 4, 0, "here"), VerificationError);
  sums[299] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(check_sums(sums, 4, 0, "here"), VerificationError);
}

TEST(Bound, StreamsPayForTheirFrames) {
  EXPECT_DOUBLE_EQ(bytes_in_frames(0), 0);
  EXPECT_DOUBLE_EQ(bytes_in_frames(1448), 1514);
  EXPECT_DOUBLE_EQ(bytes_in_frames(1449), 1449 + 2 * 66);
}

TEST(Bound, OneMebibyteAt100Mbit) {
  const Link link{.bits_per_second = 100e6};
  EXPECT_THAT(lower_bound(link, {1 << 20, 3}), DoubleNear(0.0877, 0.0001));
}

TEST(Bound, TheBucketOfAVirtualLinkIsFree) {
  const Link link{.bits_per_second = 100e6, .burst_bytes = 3200};
  EXPECT_DOUBLE_EQ(lower_bound(link, {1000, 1}), 0);
  EXPECT_THAT(lower_bound(link, {4096, 1}), DoubleNear((4096 + 3 * 66 - 3200) * 8 / 100e6, 1e-9));
}

TEST(Bound, RoundsCostTheirLatency) {
  const Link link{.bits_per_second = 100e6, .burst_bytes = 3200, .latency_seconds = 5e-6};
  EXPECT_DOUBLE_EQ(lower_bound(link, {8, 3}), 15e-6);
  EXPECT_DOUBLE_EQ(lower_bound(Link{}, {8, 3}), 0);
}

TEST(Bound, OfOneMessageOfAWindow) {
  const Link link{.bits_per_second = 8e6};
  EXPECT_DOUBLE_EQ(lower_bound(link, {1448.0 * 64, 0, 64}), 1514e-6);
}

TEST(Bound, DoublingRounds) {
  EXPECT_EQ(doubling_rounds(1), 0);
  EXPECT_EQ(doubling_rounds(2), 1);
  EXPECT_EQ(doubling_rounds(5), 3);
  EXPECT_EQ(doubling_rounds(8), 3);
  EXPECT_EQ(doubling_rounds(9), 4);
}

TEST(Json, MembersInOrder) {
  JsonLine line;
  line.add("name", "a \"b\"\\\n")
      .add("count", std::uint64_t{7})
      .add("time", 1.5e-6)
      .add("ok", true);
  EXPECT_EQ(line.text(), R"({"name": "a \"b\"\\\u000a", "count": 7, "time": 1.5e-06, "ok": true})");
}

TEST(Json, WhatIsNoNumberBecomesNull) {
  JsonLine line;
  line.add("a", std::numeric_limits<double>::infinity()).add("b", std::nan(""));
  EXPECT_EQ(line.text(), R"({"a": null, "b": null})");
}

TEST(Report, ReadableNumbers) {
  EXPECT_EQ(readable_seconds(1.234e-6), "1.23 us");
  EXPECT_EQ(readable_seconds(0.0345), "34.5 ms");
  EXPECT_EQ(readable_seconds(12.0), "12.0 s");
  EXPECT_EQ(readable_bytes(1), "1 B");
  EXPECT_EQ(readable_bytes(65536), "64 KiB");
  EXPECT_EQ(readable_bytes(1 << 20), "1 MiB");
  EXPECT_EQ(readable_bytes(1025), "1025 B");
}

}  // namespace
}  // namespace prun::bench
