#include "launcher/hosts/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/hosts/host_list.hpp"

namespace prun::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "rpi1 rpi1 rpi2": the host of each rank. Empty text: a local job.
std::vector<std::string> placed(std::string_view list, const PlacementRequest& request = {}) {
  std::vector<Host> named;
  if (!list.empty()) named = parse_host_list(list).value();
  const auto placement = place(named, request);
  EXPECT_TRUE(placement.ok());
  std::vector<std::string> result;
  if (!placement) return result;
  for (const auto host : placement.value().host_of_rank) {
    result.push_back(placement.value().local() ? "local" : placement.value().hosts.at(host).name);
  }
  return result;
}

PlacementRequest ranks(std::uint32_t count) {
  return {count, std::nullopt};
}
PlacementRequest per_host(std::uint32_t count) {
  return {std::nullopt, count};
}

TEST(Placement, WithoutHostsIsLocal) {
  EXPECT_THAT(placed(""), ElementsAre("local"));
  EXPECT_THAT(placed("", ranks(3)), ElementsAre("local", "local", "local"));
  EXPECT_THAT(placed("", per_host(2)), ElementsAre("local", "local"));
  EXPECT_THAT(placed("", {3, 2}), ElementsAre("local", "local", "local"));
}

TEST(Placement, OneRankOnEachHost) {
  EXPECT_THAT(placed("a,b,c"), ElementsAre("a", "b", "c"));
}

TEST(Placement, OneRankOnEachSlot) {
  EXPECT_THAT(placed("a:2,b"), ElementsAre("a", "a", "b"));
}

TEST(Placement, RepeatsAddUp) {
  EXPECT_THAT(placed("a,b,a"), ElementsAre("a", "a", "b"));
  EXPECT_THAT(placed("a:2,a:3,b", ranks(6)), ElementsAre("a", "a", "a", "a", "a", "b"));
}

TEST(Placement, SameNameForAnotherUserIsAnotherHost) {
  const auto placement = place(parse_host_list("pi@a,root@a,ssh://pi@a:2222").value(), {});
  ASSERT_TRUE(placement.ok());
  EXPECT_EQ(placement.value().hosts.size(), 3u);
}

TEST(Placement, WithoutCountsRanksGoRound) {
  EXPECT_THAT(placed("a,b,c", ranks(5)), ElementsAre("a", "b", "c", "a", "b"));
}

TEST(Placement, WithCountsEachHostTakesItsSlotsThenRoundAgain) {
  EXPECT_THAT(placed("a:2,b:1", ranks(7)), ElementsAre("a", "a", "b", "a", "a", "b", "a"));
}

TEST(Placement, HostsLeftOverAreDropped) {
  const auto placement = place(parse_host_list("a,b,c,d").value(), ranks(2));
  ASSERT_TRUE(placement.ok());
  ASSERT_EQ(placement.value().hosts.size(), 2u);
  EXPECT_EQ(placement.value().hosts[1].name, "b");
  EXPECT_THAT(placement.value().host_of_rank, ElementsAre(0u, 1u));
}

TEST(Placement, PerHostStandsInForSlots) {
  EXPECT_THAT(placed("a:3,b", per_host(2)), ElementsAre("a", "a", "b", "b"));
  EXPECT_THAT(placed("a,b", {3, 2}), ElementsAre("a", "a", "b"));
}

TEST(Placement, TutorialsPernodeWithAsManyRanksAsHosts) {
  EXPECT_THAT(placed("a,b,c,d", {4, 1}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(placed("a,b", {3, 1}), ElementsAre("a", "b", "a"));
}

TEST(Placement, NeverRefusesForWantOfSlots) {
  EXPECT_EQ(placed("a:1", ranks(64)).size(), 64u);
}

TEST(Placement, HostKeepsUserAndPort) {
  const auto placement = place(parse_host_list("ssh://pi@a:2222").value(), {});
  ASSERT_TRUE(placement.ok());
  EXPECT_EQ(placement.value().hosts[0].user, "pi");
  EXPECT_EQ(placement.value().hosts[0].port, 2222);
}

TEST(Placement, LimitsAreTold) {
  EXPECT_THAT(place({}, ranks(0)).failure().text, HasSubstr("at least one rank"));
  EXPECT_THAT(place({}, per_host(0)).failure().text, HasSubstr("at least one rank"));
  EXPECT_EQ(place({}, ranks(65537)).failure().text,
            "65537 ranks are more than one job may have (65536)");
  EXPECT_THAT(place(parse_host_list("a:65536,b:65536,a:65536").value(), {}).failure().text,
              HasSubstr("ranks are more than one job may have"));
  EXPECT_EQ(placed("a:65536").size(), 65536u);
}

}  // namespace
}  // namespace prun::hosts
