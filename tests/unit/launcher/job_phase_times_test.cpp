#include "launcher/job/phase_times.hpp"

#include <gtest/gtest.h>

namespace prun::job {
namespace {

using std::chrono::milliseconds;

TEST(PhaseTimes, AddsUpAllVisits) {
  const PhaseTimes::Clock::time_point begin{};
  PhaseTimes times;
  times.enter(HostPhase::connecting, begin);
  times.enter(HostPhase::waiting, begin + milliseconds(10));
  times.enter(HostPhase::connecting, begin + milliseconds(15));
  times.end(begin + milliseconds(35));
  times.end(begin + milliseconds(99));
  EXPECT_EQ(times.in(HostPhase::connecting), milliseconds(30));
  EXPECT_EQ(times.in(HostPhase::waiting), milliseconds(5));
  EXPECT_EQ(times.in(HostPhase::running), milliseconds(0));
}

TEST(PhaseTimes, ATableWithARowForEachHost) {
  const PhaseTimes::Clock::time_point begin{};
  PhaseTimes times;
  times.enter(HostPhase::connecting, begin);
  times.enter(HostPhase::logged_in, begin + milliseconds(250));
  times.enter(HostPhase::receiving, begin + milliseconds(300));
  times.enter(HostPhase::running, begin + milliseconds(1300));
  times.end(begin + milliseconds(13300));
  const auto lines = timing_table({{"rpi1", times}, {"a-long-name", {}}}, milliseconds(13400));
  const std::vector<std::string> expected{
      "host           login    agent    check    files   others    start      run   in seconds",
      "rpi1           0.250    1.050    0.000    0.000    0.000    0.000   12.000",
      "a-long-name    0.000    0.000    0.000    0.000    0.000    0.000    0.000",
      "13.400 s in all"};
  EXPECT_EQ(lines, expected);
}

}  // namespace
}  // namespace prun::job
