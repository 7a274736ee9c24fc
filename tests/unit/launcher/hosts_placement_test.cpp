#include "launcher/hosts/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/hosts/host_list.hpp"

namespace prun::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PlacementRules rules() {
  PlacementRules result;
  result.own_name = "local";
  return result;
}

// A program with the hosts of a list as -H takes it. Empty text: none named.
PlacedProgram program(std::string_view list, const PlacementRequest& request = {}) {
  return {list.empty() ? std::vector<Host>() : parse_host_list(list).value(), request};
}

core::Result<Placement> place(std::string_view list, const PlacementRequest& request = {}) {
  return hosts::place({program(list, request)}, rules());
}

// The host of each rank.
std::vector<std::string> names(const core::Result<Placement>& placement) {
  EXPECT_TRUE(placement.ok()) << (placement.ok() ? "" : placement.failure().text);
  std::vector<std::string> result;
  if (!placement) return result;
  for (const auto host : placement.value().host_of_rank)
    result.push_back(placement.value().hosts.at(host).name);
  return result;
}

std::vector<std::string> placed(std::string_view list, const PlacementRequest& request = {}) {
  return names(place(list, request));
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

TEST(Placement, OnlyWhereNoHostIsNamedNobodyNeedsToLook) {
  EXPECT_TRUE(place("").value().local);
  EXPECT_FALSE(place("local").value().local);
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
  const auto placement = place("pi@a,root@a,ssh://pi@a:2222");
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
  const auto placement = place("a,b,c,d", ranks(2));
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

TEST(Placement, ByHostDealsOneToEach) {
  PlacementRules by_host = rules();
  by_host.order = PlacementOrder::by_host;
  const auto dealt = [&](std::string_view list, const PlacementRequest& request) {
    return names(hosts::place({program(list, request)}, by_host));
  };
  EXPECT_THAT(dealt("a:2,b:2", {}), ElementsAre("a", "b", "a", "b"));
  EXPECT_THAT(dealt("a:3,b", {}), ElementsAre("a", "b", "a", "a"));
  EXPECT_THAT(dealt("a:3,b", ranks(6)), ElementsAre("a", "b", "a", "a", "a", "b"));
  EXPECT_THAT(dealt("a,b", per_host(2)), ElementsAre("a", "b", "a", "b"));
  EXPECT_THAT(dealt("", ranks(2)), ElementsAre("local", "local"));
}

TEST(Placement, ASecondProgramGoesOnWhereTheFirstStopped) {
  const auto placement =
      hosts::place({program("a:2,b:2", ranks(1)), program("", ranks(4))}, rules());
  EXPECT_THAT(names(placement), ElementsAre("a", "a", "b", "b", "a"));
  EXPECT_THAT(placement.value().program_of_rank, ElementsAre(0u, 1u, 1u, 1u, 1u));
}

TEST(Placement, WithoutACountASecondProgramTakesThePlacesThatAreLeft) {
  EXPECT_THAT(names(hosts::place({program("a,b,c", ranks(1)), program("")}, rules())),
              ElementsAre("a", "b", "c"));
  EXPECT_EQ(hosts::place({program("a,b"), program("")}, rules()).failure().text,
            "the programs before program 2 have taken every place: say with -n how many ranks it "
            "should have");
  EXPECT_THAT(names(hosts::place({program(""), program("")}, rules())),
              ElementsAre("local", "local"));
}

TEST(Placement, AProgramMayNameHostsOfItsOwn) {
  const auto placement = hosts::place(
      {program("a", ranks(1)), program("b,c,a", ranks(3)), program("", ranks(1))}, rules());
  EXPECT_THAT(names(placement), ElementsAre("a", "b", "c", "a", "a"));
  EXPECT_EQ(placement.value().hosts.size(), 3u);
  EXPECT_FALSE(placement.value().local);
}

TEST(Placement, AMasterHereAndWorkersElsewhere) {
  const auto placement = hosts::place({program("", ranks(1)), program("b,c")}, rules());
  EXPECT_THAT(names(placement), ElementsAre("local", "b", "c"));
  EXPECT_FALSE(placement.value().local);
}

TEST(Placement, PerHostOfASecondProgramBeginsAtTheFirstHost) {
  EXPECT_THAT(names(hosts::place({program("a,b", ranks(1)), program("", per_host(2))}, rules())),
              ElementsAre("a", "a", "a", "b", "b"));
}

TEST(Placement, RefusesForWantOfPlacesWhereAsked) {
  PlacementRules strict = rules();
  strict.oversubscribe = false;
  strict.own_cores = 2;
  const auto refusal = [&](const std::vector<PlacedProgram>& programs) {
    return hosts::place(programs, strict).failure().text;
  };
  EXPECT_TRUE(hosts::place({program("a:2,b", ranks(3))}, strict).ok());
  EXPECT_TRUE(hosts::place({program("", ranks(2))}, strict).ok());
  EXPECT_EQ(refusal({program("a:2,b", ranks(4))}),
            "a has 2 places and would get 3 ranks (--nooversubscribe); name more hosts, or write "
            "a:3");
  EXPECT_EQ(
      refusal({program("a,b", per_host(2))}),
      "a has 1 place and would get 2 ranks (--nooversubscribe); name more hosts, or write a:2");
  EXPECT_EQ(refusal({program("", ranks(3))}),
            "3 ranks are more than the 2 cores of this machine (--nooversubscribe)");
  EXPECT_TRUE(hosts::place({program("a:2", ranks(1)), program("", ranks(1))}, strict).ok());
  EXPECT_FALSE(hosts::place({program("a:2", ranks(1)), program("a:2", ranks(2))}, strict).ok());
}

TEST(Placement, NeverRefusesForWantOfSlots) {
  EXPECT_EQ(placed("a:1", ranks(64)).size(), 64u);
}

TEST(Placement, HostKeepsUserAndPort) {
  const auto placement = place("ssh://pi@a:2222");
  ASSERT_TRUE(placement.ok());
  EXPECT_EQ(placement.value().hosts[0].user, "pi");
  EXPECT_EQ(placement.value().hosts[0].port, 2222);
}

TEST(Placement, LimitsAreTold) {
  EXPECT_THAT(place("", ranks(0)).failure().text, HasSubstr("at least one rank"));
  EXPECT_THAT(place("", per_host(0)).failure().text, HasSubstr("at least one rank"));
  EXPECT_EQ(place("", ranks(65537)).failure().text,
            "65537 ranks are more than one job may have (65536)");
  EXPECT_THAT(place("a:65536,b:65536,a:65536").failure().text,
              HasSubstr("ranks are more than one job may have"));
  EXPECT_EQ(placed("a:65536").size(), 65536u);
}

}  // namespace
}  // namespace prun::hosts
