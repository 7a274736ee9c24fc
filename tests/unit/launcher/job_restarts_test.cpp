#include "launcher/job/restarts.hpp"

#include <gtest/gtest.h>

#include "runtime/bootstrap/control_messages.hpp"

namespace prun::job {
namespace {

TEST(Restarts, NoneUnlessAskedFor) {
  Restarts restarts(4, 0);
  EXPECT_FALSE(restarts.allowed());
  EXPECT_EQ(restarts.processes(), 4U);
  EXPECT_FALSE(restarts.lost(2));
  EXPECT_FALSE(restarts.awaited(2));
  EXPECT_TRUE(restarts.is_present(2));
  EXPECT_FALSE(restarts.is_present(4));
}

TEST(Restarts, EachRankHasItsOwnNumberOfThem) {
  Restarts restarts(4, 2);
  EXPECT_TRUE(restarts.allowed());
  EXPECT_EQ(restarts.processes(), 12U);
  EXPECT_TRUE(restarts.has_more(2));
  ASSERT_TRUE(restarts.lost(2));
  EXPECT_TRUE(restarts.awaited(2));
  EXPECT_EQ(restarts.process_of(2), 2U) << "not started yet";
  EXPECT_EQ(restarts.next_process(2), 6U);
  EXPECT_EQ(restarts.start(2), 1U);
  EXPECT_EQ(restarts.count_words(2), "1 of 2");
  EXPECT_FALSE(restarts.awaited(2));
  EXPECT_EQ(restarts.process_of(2), 6U);
  EXPECT_TRUE(restarts.is_present(6));
  EXPECT_FALSE(restarts.is_present(2)) << "that one is no more";
  EXPECT_FALSE(restarts.is_present(10)) << "that one is not yet";
  EXPECT_FALSE(restarts.is_present(12));
  ASSERT_TRUE(restarts.lost(2));
  EXPECT_EQ(restarts.start(2), 2U);
  EXPECT_EQ(restarts.count_words(2), "2 of 2");
  EXPECT_FALSE(restarts.has_more(2));
  EXPECT_FALSE(restarts.lost(2)) << "it has had them all";
  EXPECT_TRUE(restarts.lost(3)) << "another has not";
}

TEST(Restarts, ProcessesHaveTheNumbersThatTheMapGivesThem) {
  bootstrap::JobMap map;
  map.hosts = {{"rpi1", ""}};
  map.host_of_rank.assign(5, 0);
  map.restarts = 3;
  Restarts restarts(5, 3);
  EXPECT_EQ(restarts.processes(), map.processes());
  for (std::uint32_t times = 0; times <= 3; ++times) {
    EXPECT_EQ(restarts.process_of(4), map.process(4, times));
    EXPECT_EQ(restarts.rank_of(map.process(4, times)), 4U);
    if (restarts.lost(4)) restarts.start(4);
  }
}

TEST(ReturnPauses, GrowUpToALimit) {
  ReturnPauses pauses;
  auto last = pauses.next();
  EXPECT_EQ(last, ReturnPauses::first);
  for (int i = 0; i < 10; ++i) {
    const auto next = pauses.next();
    EXPECT_TRUE(next > last || next == ReturnPauses::longest);
    last = next;
  }
  EXPECT_EQ(last, ReturnPauses::longest);
  pauses.begin_anew();
  EXPECT_EQ(pauses.next(), ReturnPauses::first);
}

TEST(TooManyRestarts, NumbersOfProcessesHaveALimit) {
  EXPECT_EQ(too_many_restarts(0, 65536), "");
  EXPECT_EQ(too_many_restarts(32767, 2), "");
  EXPECT_EQ(too_many_restarts(32768, 2),
            "--restart 32768: a job of 2 ranks can start each again 32767 times at most");
}

}  // namespace
}  // namespace prun::job
