#include "launcher/hang/findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hang_job.hpp"
#include "launcher/hang/wait_cycle.hpp"

namespace prun::hang {
namespace {

using test::AwaitedOperation;
using test::Job;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

bootstrap::UnreceivedMessage message(std::uint32_t from, std::int32_t tag,
                                     std::uint32_t context = 0) {
  return {context, from, tag, 1, test::int32(), false};
}

TEST(HangCycle, OfReceives) {
  Job job(4);
  job.in(0, "recv", test::receive(3, 1));
  job.in(1, "recv", test::receive(2, 1));
  job.in(2, "recv", test::receive(3, 1));
  job.in(3, "recv", test::receive(1, 1));
  EXPECT_THAT(find_cycle(job.facts), ElementsAre(1, 2, 3));
  EXPECT_EQ(cycle_text({1, 2, 3}), "each of these ranks waits for the next: 1 -> 2 -> 3 -> 1");
}

TEST(HangCycle, TheSmallestOne) {
  Job job(5);
  for (std::uint32_t rank = 0; rank < 5; ++rank)
    job.in(rank, "wait_all", test::receive(static_cast<std::int32_t>((rank + 1) % 5), 1));
  job.in(4, "wait_all", test::receive(3, 1));
  EXPECT_THAT(find_cycle(job.facts), ElementsAre(3, 4));
}

TEST(HangCycle, NoneWhereAnyOfSeveralIsEnough) {
  Job job(2);
  job.in(0, "recv", test::receive(AwaitedOperation::any, 1));
  job.in(1, "recv", test::receive(0, 1));
  EXPECT_THAT(find_cycle(job.facts), IsEmpty());
  Job other(3);
  other.in(0, "wait_any", test::receive(1, 1));
  other.in(0, "wait_any", test::receive(2, 1));
  other[0].any_is_enough = true;
  other.in(1, "recv", test::receive(0, 1));
  EXPECT_THAT(find_cycle(other.facts), IsEmpty());
}

TEST(HangCycle, ManyRanksAreNotAllNamed) {
  Job job(256);
  for (std::uint32_t rank = 0; rank < 256; ++rank)
    job.in(rank, "recv", test::receive(static_cast<std::int32_t>((rank + 1) % 256), 1));
  const auto text = cycle_text(find_cycle(job.facts));
  EXPECT_THAT(text, HasSubstr("... (256 ranks in all) -> 0"));
  EXPECT_LT(text.size(), 160u);
}

TEST(HangCycle, RanksThatAreNoneAreNoEdge) {
  Job job(2);
  job.in(0, "recv", test::receive(2'000'000, 1));
  job.in(1, "recv", test::receive(-7, 1));
  EXPECT_THAT(find_causes(job.facts), IsEmpty());
}

TEST(HangCollectives, AnotherOperation) {
  Job job(4);
  for (std::uint32_t rank = 0; rank < 4; ++rank) job.entered(rank, "bcast", 0, 1);
  for (std::uint32_t rank = 0; rank < 3; ++rank) job.in_collective(rank, "barrier");
  job.in_collective(3, "bcast", 0, 1);
  EXPECT_THAT(find_causes(job.facts),
              ElementsAre("ranks 0-2 are in barrier #2 (ring.cpp:22), rank 3 is in bcast #2 "
                          "(ring.cpp:22): all members must call the same collectives in the same "
                          "order"));
}

TEST(HangCollectives, AnotherOperationOfWhichSomeHaveCome) {
  Job job(2);
  job.entered(0, "bcast", 0, 1);
  job.in_collective(0, "barrier");
  job.in_collective(1, "barrier");
  EXPECT_THAT(find_causes(job.facts).front(),
              StartsWith("rank 0 called bcast #1 (ring.cpp:21), rank 1 is in barrier #1"));
}

TEST(HangCollectives, AnotherRoot) {
  Job job(3);
  job.in_collective(0, "gather", 0, 1);
  job.in_collective(1, "gather", 0, 1);
  job.in_collective(2, "gather", 2, 1);
  EXPECT_THAT(
      find_causes(job.facts).front(),
      StartsWith("ranks 0, 1 are in gather #1 with root 0 (ring.cpp:21), rank 2 is in gather "
                 "#1 with root 2 (ring.cpp:21): all members must name the same root"));
}

TEST(HangCollectives, AnotherCount) {
  Job job(2);
  job.in_collective(0, "allreduce", -1, 10);
  job.in_collective(1, "allreduce", -1, 20);
  EXPECT_THAT(find_causes(job.facts).front(),
              StartsWith("rank 0 is in allreduce #1 with 10 x int32 (ring.cpp:21), rank 1 is in "
                         "allreduce #1 with 20 x int32"));
}

TEST(HangCollectives, CountsThatMayDifferAreNotCompared) {
  Job job(2);
  job.in_collective(0, "gather", 0);
  job.in_collective(1, "gather", 0, 20);
  EXPECT_THAT(find_causes(job.facts), IsEmpty());
}

TEST(HangCollectives, WhoHasNotCome) {
  Job job(5);
  job.in_collective(0, "barrier");
  job.in_collective(1, "barrier");
  job.in(2, "recv", test::receive(0, 5));
  job.ended(3, "exited with status 0");
  job.does(4, bootstrap::ProcessState::Doing::running, 980);
  const auto causes = find_causes(job.facts);
  ASSERT_EQ(causes.size(), 2u);
  EXPECT_THAT(causes[0], StartsWith("ranks 0, 1 are in barrier #1 (ring.cpp:10), but not rank "));
  EXPECT_THAT(causes[0], HasSubstr("rank 2, which is in recv from 0, tag 5 (1 x int32), at "));
  EXPECT_THAT(causes[0], HasSubstr("rank 3, which has exited with status 0"));
  EXPECT_THAT(causes[0], HasSubstr("rank 4, which computes (98 % of a core)"));
  EXPECT_THAT(causes[1], HasSubstr("0 -> 2 -> 0"));
}

TEST(HangCollectives, GroupsOfOneSplitAreLookedAtApart) {
  Job job(4);
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    bootstrap::CommunicatorState group;
    group.context = 2;
    group.members = rank < 2 ? std::vector<std::uint32_t>{0, 1} : std::vector<std::uint32_t>{2, 3};
    group.calls = 1;
    group.last_calls.push_back(
        {rank < 2 ? "barrier" : "bcast", -1, AwaitedOperation::any_count, test::int32(), {}});
    job[rank].communicators.push_back(group);
  }
  EXPECT_THAT(find_causes(job.facts), IsEmpty());
}

TEST(HangMessages, AnotherTag) {
  Job job(2);
  job.in(1, "recv", test::receive(0, 7));
  job[1].messages = {message(0, 8)};
  EXPECT_THAT(find_causes(job.facts),
              ElementsAre("rank 1 is in recv from 0, tag 7 (1 x int32) (ring.cpp:10), and holds a "
                          "message from 0, tag 8 (1 x int32): the tags differ, 7 and 8"));
}

TEST(HangMessages, AnotherSender) {
  Job job(3);
  job.in(1, "recv", test::receive(2, 7));
  job[1].messages = {message(0, 7)};
  EXPECT_THAT(find_causes(job.facts).front(), HasSubstr("it comes from 0, and the recv names 2"));
}

TEST(HangMessages, AnotherCommunicator) {
  Job job(2);
  job.in(1, "recv", test::receive(0, 7));
  job[1].messages = {message(0, 7, 4)};
  EXPECT_THAT(find_causes(job.facts).front(),
              HasSubstr("it was sent on communicator 2, and the receive is on the world"));
}

TEST(HangMessages, WhatDiffersInSeveralThingsOrBelongsToACollectiveIsNotNamed) {
  Job job(3);
  job.in(1, "recv", test::receive(0, 7));
  job[1].messages = {message(2, 8), message(0, 9, 4), message(0, 7, 1)};
  EXPECT_THAT(find_causes(job.facts), IsEmpty());
}

TEST(HangMessages, ASendToOneself) {
  Job job(2);
  job.in(1, "ssend", test::synchronous_send(1, 2));
  EXPECT_THAT(find_causes(job.facts),
              ElementsAre(StartsWith("rank 1 sends to itself (ring.cpp:10) and waits")));
}

TEST(HangMessages, OfManyAFewAreTold) {
  Job job(100);
  for (std::uint32_t rank = 1; rank < 100; ++rank) {
    job.in(rank, "recv", test::receive(0, 7));
    job[rank].messages = {message(0, 8)};
  }
  const auto causes = find_causes(job.facts);
  EXPECT_EQ(causes.size(), 9u);
  EXPECT_EQ(causes.back(), "and 91 more of this kind");
}

}  // namespace
}  // namespace prun::hang
