#include "launcher/job/losses.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace prun::job {
namespace {

using bootstrap::RankPhase;

TEST(Losses, NoneIsSuccess) {
  const Losses losses;
  EXPECT_EQ(losses.summary(), "");
  EXPECT_FALSE(losses.verdict());
}

TEST(Losses, ADeathDoesNotCount) {
  Losses losses;
  EXPECT_TRUE(losses.add({2, "rpi3", true, SIGKILL, RankPhase::joined}));
  EXPECT_TRUE(losses.add({6, "rpi3", false, 3, RankPhase::joined}));
  losses.add_with_host(4, "rpi5");
  EXPECT_EQ(losses.summary(), "went on without ranks 2 and 6 on rpi3, rank 4 on rpi5");
  EXPECT_FALSE(losses.verdict());
}

TEST(Losses, AStatusCountsAndTheFirstDecides) {
  Losses losses;
  EXPECT_FALSE(losses.add({2, "rpi3", false, 3, RankPhase::finalized}));
  EXPECT_TRUE(losses.add({1, "rpi2", false, 4, RankPhase::never_joined}));
  ASSERT_TRUE(losses.verdict());
  EXPECT_EQ(losses.verdict()->status, 3);
  EXPECT_EQ(losses.verdict()->sentence, "rank 2 on rpi3 exited with status 3");
}

TEST(Losses, OneThatIsBackIsForgotten) {
  Losses losses;
  losses.add({2, "rpi3", false, 3, RankPhase::never_joined});
  losses.add({1, "rpi2", false, 4, RankPhase::never_joined});
  losses.condemn(2, "was ended");
  losses.back(2);
  EXPECT_FALSE(losses.condemned(2));
  EXPECT_EQ(losses.summary(), "went on without rank 1 on rpi2");
  EXPECT_EQ(losses.verdict()->status, 4);
  losses.back(1);
  EXPECT_EQ(losses.summary(), "");
  EXPECT_FALSE(losses.verdict());
  losses.add({1, "rpi2", false, 5, RankPhase::never_joined});
  EXPECT_EQ(losses.verdict()->status, 5) << "its last start counts";
}

TEST(Losses, Rank0Decides) {
  Losses losses;
  losses.add({2, "rpi3", false, 3, RankPhase::finalized});
  losses.add({0, "rpi1", true, SIGSEGV, RankPhase::joined});
  ASSERT_TRUE(losses.verdict());
  EXPECT_EQ(losses.verdict()->status, 128 + SIGSEGV);
  Losses of_host;
  of_host.add_with_host(0, "rpi1");
  ASSERT_TRUE(of_host.verdict());
  EXPECT_EQ(of_host.verdict()->status, 125);
}

TEST(Losses, TheLastStartOfRank0Decides) {
  Losses losses;
  losses.add({2, "rpi3", false, 3, RankPhase::finalized});
  losses.add_with_host(0, "rpi1");
  losses.back(0);
  ASSERT_TRUE(losses.verdict());
  EXPECT_EQ(losses.verdict()->status, 3);
  losses.add({0, "rpi1", false, 4, RankPhase::finalized});
  EXPECT_EQ(losses.verdict()->status, 4);
}

TEST(Losses, SaysWhyARankWasEnded) {
  Losses losses;
  EXPECT_FALSE(losses.condemned(3));
  EXPECT_TRUE(losses.condemn(3, "was ended"));
  EXPECT_FALSE(losses.condemn(3, "again"));
  EXPECT_TRUE(losses.condemned(3));
  EXPECT_EQ(losses.cause_of({3, "", true, SIGKILL, RankPhase::joined}), "was ended");
  EXPECT_EQ(losses.cause_of({2, "", true, SIGKILL, RankPhase::joined}), "died: signal 9 (killed)");
}

}  // namespace
}  // namespace prun::job
