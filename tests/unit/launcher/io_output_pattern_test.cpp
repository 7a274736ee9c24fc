#include "launcher/io/output_pattern.hpp"

#include <gtest/gtest.h>

#include <ctime>

namespace prun::io {
namespace {

TEST(OutputPattern, MarksBecomeWhatTheyStandFor) {
  EXPECT_EQ(expand_pattern("[%r@%h] ", {3, 1, "rpi4"}), "[3@rpi4] ");
  EXPECT_EQ(expand_pattern("%p/%g/%%/%x/%", {3, 1, "rpi4"}), "1/0/%/%x/%");
}

TEST(OutputPattern, TheTimeIsFilledInLater) {
  std::tm day{};
  day.tm_year = 126;
  day.tm_mday = 1;
  day.tm_hour = 14;
  day.tm_min = 3;
  day.tm_sec = 7;
  day.tm_isdst = -1;
  const auto now =
      std::chrono::system_clock::from_time_t(std::mktime(&day)) + std::chrono::milliseconds(45);
  EXPECT_EQ(fill_time(expand_pattern("%t %r %t", {2, 0, ""}), now), "14:03:07.045 2 14:03:07.045");
}

TEST(OutputPattern, NamesOfHostsAreNoPatterns) {
  const auto now = std::chrono::system_clock::now();
  EXPECT_EQ(fill_time(expand_pattern("%h ", {0, 0, "fe80::1%tun0"}), now), "fe80::1%tun0 ");
  EXPECT_EQ(fill_time(expand_pattern("%%t", {0, 0, ""}), now), "%t");
}

}  // namespace
}  // namespace prun::io
