#include "launcher/hosts/host_range.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prun::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(std::string_view pattern) {
  auto expanded = expand_range(pattern);
  EXPECT_TRUE(expanded.ok()) << pattern << ": " << (expanded ? "" : expanded.failure().text);
  return expanded ? std::move(expanded).value() : std::vector<std::string>{};
}

std::string refusal(std::string_view pattern) {
  const auto expanded = expand_range(pattern);
  EXPECT_FALSE(expanded.ok()) << pattern;
  return expanded ? std::string() : expanded.failure().text;
}

TEST(HostRange, NameWithoutBracketsIsItself) {
  EXPECT_THAT(names("rpi1"), ElementsAre("rpi1"));
}

TEST(HostRange, CountsUp) {
  EXPECT_THAT(names("rpi[1-4]"), ElementsAre("rpi1", "rpi2", "rpi3", "rpi4"));
}

TEST(HostRange, PassesTenWithoutPadding) {
  EXPECT_THAT(names("n[9-11]"), ElementsAre("n9", "n10", "n11"));
}

TEST(HostRange, KeepsZeros) {
  EXPECT_THAT(names("rpi[08-11,20]"), ElementsAre("rpi08", "rpi09", "rpi10", "rpi11", "rpi20"));
  EXPECT_THAT(names("n[001-2]"), ElementsAre("n001", "n002"));
  EXPECT_THAT(names("n[99-0101]"), ElementsAre("n0099", "n0100", "n0101"));
  EXPECT_THAT(names("n[0-1]"), ElementsAre("n0", "n1"));
}

TEST(HostRange, ZerosBelongToTheirItemOnly) {
  EXPECT_THAT(names("n[01,2]"), ElementsAre("n01", "n2"));
}

TEST(HostRange, TakesEveryCombination) {
  EXPECT_THAT(names("n[1-2]x[1-2]"), ElementsAre("n1x1", "n1x2", "n2x1", "n2x2"));
}

TEST(HostRange, TextBehindTheBracketStays) {
  EXPECT_THAT(names("rpi[1,3].local"), ElementsAre("rpi1.local", "rpi3.local"));
}

TEST(HostRange, BlanksInsideAreTolerated) {
  EXPECT_THAT(names("n[ 1 - 2 , 5 ]"), ElementsAre("n1", "n2", "n5"));
}

TEST(HostRange, LimitIsExact) {
  EXPECT_EQ(names("n[1-4096]").size(), 4096u);
  EXPECT_EQ(names("n[1-64]x[1-64]").size(), 4096u);
  EXPECT_EQ(refusal("n[1-4097]"), "host range 'n[1-4097]': it names more than 4096 hosts");
  EXPECT_EQ(refusal("n[1-64]x[1-65]"),
            "host range 'n[1-64]x[1-65]': it names more than 4096 hosts");
  EXPECT_THAT(refusal("n[1-4096,1]"), HasSubstr("more than 4096"));
  EXPECT_THAT(refusal("n[0-4294967295]"), HasSubstr("more than 4096"));
  EXPECT_THAT(refusal("n[1-3000,1-3000]"), HasSubstr("more than 4096"));
}

TEST(HostRange, UnbalancedBracketsAreNamed) {
  EXPECT_EQ(refusal("rpi[1-4"), "host range 'rpi[1-4': the '[' is never closed by a ']'");
  EXPECT_EQ(refusal("rpi1-4]"), "host range 'rpi1-4]': a ']' has no '[' before it");
  EXPECT_EQ(refusal("rpi[1-[2]]"), "host range 'rpi[1-[2]]': a '[' stands inside another '['");
}

TEST(HostRange, BadItemsAreExplained) {
  EXPECT_EQ(refusal("rpi[4-1]"), "host range 'rpi[4-1]': '4-1' runs backwards; write 1-4");
  EXPECT_EQ(refusal("rpi[a-c]"),
            "host range 'rpi[a-c]': 'a-c' is not a number or a span of numbers such as 1-4");
  EXPECT_THAT(refusal("rpi[]"), HasSubstr("nothing stands between"));
  EXPECT_THAT(refusal("rpi[1,,2]"), HasSubstr("nothing stands between"));
  EXPECT_THAT(refusal("rpi[1-]"), HasSubstr("'1-' is not a number"));
  EXPECT_THAT(refusal("rpi[-3]"), HasSubstr("'-3' is not a number"));
  EXPECT_THAT(refusal("rpi[1-2-3]"), HasSubstr("'1-2-3' is not a number"));
  EXPECT_THAT(refusal("rpi[99999999999]"), HasSubstr("is not a number"));
}

}  // namespace
}  // namespace prun::hosts
