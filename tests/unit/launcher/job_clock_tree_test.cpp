#include "launcher/job/clock_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ClockTree, WithoutTheTopNobodyIsAsked) {
  ClockTree tree(3, 0);
  tree.answers(0, 70);
  EXPECT_THAT(tree.lost(0), IsEmpty());
  EXPECT_THAT(tree.answers(7, 1), IsEmpty()) << "no such host";
}

}  // namespace
}  // namespace prun::job
