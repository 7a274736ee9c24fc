#include "launcher/job/clock_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace prun::job {
namespace {

using Order = ClockTree::Order;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClockTree, AllAskTheHostOfRankZeroWhereTheyAreFew) {
  ClockTree tree(4, 2);
  EXPECT_EQ(tree.top(), 2U);
  EXPECT_THAT(tree.answers(2, 70), ElementsAre(Order{0, 2, 70}, Order{1, 2, 70}, Order{3, 2, 70}));
  EXPECT_THAT(tree.answers(3, 71), IsEmpty());
}

TEST(ClockTree, NoHostIsAskedByMoreThanEight) {
  ClockTree tree(100, 0);
  std::vector<int> above(100, -1);
  for (std::uint32_t host = 0; host < 100; ++host) {
    const auto orders = tree.answers(host, 1000);
    EXPECT_LE(orders.size(), ClockTree::branches);
    for (const auto& order : orders) above[order.host] = static_cast<int>(order.above);
  }
  for (int host = 1; host < 100; ++host) {
    // Everybody gets to the top, in three steps at most.
    int at = host;
    for (int step = 0; step < 3 && at != 0; ++step) at = above[static_cast<std::size_t>(at)];
    EXPECT_EQ(at, 0) << host;
  }
}

TEST(ClockTree, ThoseBelowALostHostAskTheOneAboveIt) {
  ClockTree tree(20, 0);
  tree.answers(0, 70);
  EXPECT_THAT(tree.answers(1, 71).size(), ClockTree::branches);
  const auto orders = tree.lost(1);
  EXPECT_THAT(orders.size(), ClockTree::branches);
  for (const auto& order : orders) EXPECT_EQ(order.above, 0U);
}

TEST(ClockTree, AHostThatIsBackAsksAgain) {
  ClockTree tree(20, 0);
  EXPECT_THAT(tree.back(10), IsEmpty()) << "the one above it does not answer yet";
  tree.answers(0, 70);
  tree.answers(1, 71);
  tree.lost(9);
  EXPECT_THAT(tree.back(9), ElementsAre(Order{9, 1, 71}));
  tree.lost(9);
  tree.lost(1);
  EXPECT_THAT(tree.back(9), ElementsAre(Order{9, 0, 70})) << "that has gone too";
  EXPECT_THAT(tree.back(1), ElementsAre(Order{1, 0, 70}));
}

TEST(ClockTree, OneThatKnowsTheTimeTakesThePlaceOfTheTop) {
  ClockTree tree(4, 1);
  for (std::uint32_t host = 0; host < 4; ++host)
    tree.answers(host, static_cast<std::uint16_t>(70 + host));
  tree.knows(3);
  EXPECT_THAT(tree.lost(1), ElementsAre(Order{3, 3, 0}, Order{0, 3, 73}, Order{2, 3, 73}));
  EXPECT_EQ(tree.top(), 3U);
  EXPECT_EQ(tree.leader(), 1U);
  EXPECT_THAT(tree.lost(1), IsEmpty()) << "it has gone already";
  EXPECT_THAT(tree.back(1), ElementsAre(Order{1, 3, 73})) << "it does not lead again";
  EXPECT_THAT(tree.answers(1, 81), IsEmpty());
  EXPECT_THAT(tree.lost(3), ElementsAre(Order{0, 0, 0}, Order{1, 0, 70}, Order{2, 0, 70}));
  EXPECT_EQ(tree.leader(), 2U);
}

TEST(ClockTree, WhereNobodyKnowsTheTimeOneLeadsThatAnswersOrWill) {
  ClockTree tree(4, 0);
  tree.answers(2, 72);
  EXPECT_THAT(tree.lost(0), ElementsAre(Order{2, 2, 0}, Order{1, 2, 72}, Order{3, 2, 72}));
  EXPECT_THAT(tree.lost(2), ElementsAre(Order{1, 1, 0}));
  EXPECT_THAT(tree.answers(1, 71), ElementsAre(Order{3, 1, 71}));
}

TEST(ClockTree, WhereAllAreGoneTheFirstThatIsBackLeads) {
  ClockTree tree(2, 0);
  EXPECT_THAT(tree.lost(0), ElementsAre(Order{1, 1, 0}));
  EXPECT_THAT(tree.lost(1), IsEmpty());
  EXPECT_THAT(tree.back(0), ElementsAre(Order{0, 0, 0}));
  tree.answers(0, 70);
  EXPECT_THAT(tree.back(1), ElementsAre(Order{1, 0, 70}));
  EXPECT_EQ(tree.top(), 0U);
}

// Whatever goes and comes back, who is there gets to the top, and the top is there.
TEST(ClockTree, EverybodyGetsToTheTopAlways) {
  constexpr std::uint32_t hosts = 40;
  std::mt19937 random(3);
  ClockTree tree(hosts, 5);
  std::vector<bool> there(hosts, true);
  std::vector<std::uint32_t> above(hosts, 5);
  const auto obey = [&](const ClockTree::Orders& orders) {
    for (const auto& order : orders) above[order.host] = order.above;
  };
  for (std::uint32_t host = 0; host < hosts; ++host) obey(tree.answers(host, 70));
  for (int change = 0; change < 3000; ++change) {
    const std::uint32_t host =
        change % 3 == 0 ? tree.top() : static_cast<std::uint32_t>(random() % hosts);
    if (there[host]) {
      obey(tree.lost(host));
    } else {
      obey(tree.back(host));
      obey(tree.answers(host, 70));
      tree.knows(host);
    }
    there[host] = !there[host];
    if (std::find(there.begin(), there.end(), true) == there.end()) continue;
    ASSERT_TRUE(there[tree.top()]);
    for (std::uint32_t each = 0; each < hosts; ++each) {
      std::uint32_t at = each;
      for (std::uint32_t step = 0; there[each] && at != tree.top(); ++step) {
        ASSERT_LT(step, hosts) << "a circle";
        at = above[at];
        ASSERT_TRUE(there[at]);
      }
    }
  }
}

TEST(ClockTree, KnowsNoOtherHosts) {
  ClockTree tree(3, 0);
  EXPECT_THAT(tree.answers(7, 1), IsEmpty());
  EXPECT_THAT(tree.lost(7), IsEmpty());
  EXPECT_THAT(tree.back(7), IsEmpty());
  tree.knows(7);
  EXPECT_EQ(tree.top(), 0U);
}

}  // namespace
}  // namespace prun::job
