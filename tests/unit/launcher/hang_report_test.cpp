#include "launcher/hang/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hang_job.hpp"
#include "launcher/hang/quiescence.hpp"
#include "launcher/hang/words.hpp"

namespace prun::hang {
namespace {

using bootstrap::ProcessState;
using test::AwaitedOperation;
using test::Job;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(HangReport, ALineForRanksThatDoTheSame) {
  Job job(6);
  for (std::uint32_t rank = 0; rank < 3; ++rank) job.in_collective(rank, "barrier");
  job[1].still_ms = 31'000;
  job.in(3, "recv", test::receive(0, 5));
  job.does(4, ProcessState::Doing::running, 980);
  job.does(5, ProcessState::Doing::running, 980);
  EXPECT_THAT(report(job.facts, {"a finding"}),
              ElementsAre("ranks 0-2 are in barrier #1, at ring.cpp:10, for 1.5 s to 31 s",
                          "rank 3 is in recv from 0, tag 5 (1 x int32), at ring.cpp:10, for 1.5 s",
                          "ranks 4, 5 compute (98 % of a core)", "a finding"));
}

TEST(HangReport, NamesTheHostOfASingleRank) {
  Job job(1);
  job.facts.ranks[0].host = "rpi2";
  job.ended(0, "exited with status 0");
  EXPECT_THAT(report(job.facts, {}), ElementsAre("rank 0 on rpi2 has exited with status 0"));
}

TEST(HangReport, ManyRanksThatDifferAreGroupedByTheirCall) {
  Job job(256);
  for (std::uint32_t rank = 0; rank < 256; ++rank)
    job.in(rank, "recv", test::receive(static_cast<std::int32_t>((rank + 1) % 256), 1));
  EXPECT_THAT(report(job.facts, {}),
              ElementsAre("ranks 0-255 are in recv, at ring.cpp:10, for 1.5 s"));
}

TEST(HangReport, IsBounded) {
  Job job(256);
  for (std::uint32_t rank = 0; rank < 256; ++rank) {
    job.in(rank, "recv", test::receive(0, 1));
    job[rank].place.line = rank + 1;
  }
  const auto lines = report(job.facts, {});
  EXPECT_THAT(lines, SizeIs(25));
  EXPECT_EQ(lines.back(), "and 232 further kinds of waiting");
}

TEST(HangWords, Ranks) {
  EXPECT_EQ(ranks_text({3}), "rank 3");
  EXPECT_EQ(ranks_text({0, 1, 2, 5, 7, 8}), "ranks 0-2, 5, 7, 8");
  std::vector<std::uint32_t> even;
  for (std::uint32_t rank = 0; rank < 256; rank += 2) even.push_back(rank);
  EXPECT_EQ(ranks_text(even), "ranks 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22 and 116 more");
}

TEST(HangWords, Durations) {
  EXPECT_EQ(duration_text(1234), "1.2 s");
  EXPECT_EQ(duration_text(31'400), "31 s");
  EXPECT_EQ(duration_text(750'000), "13 min");
  EXPECT_EQ(duration_text(7'300'000), "2 h");
}

TEST(HangWords, PlacesAreShortAndPrintable) {
  EXPECT_EQ(place_text({"/home/pi/ring.cpp", 7}), "ring.cpp:7");
  EXPECT_EQ(place_text({"a\x1b[31m.cpp", 7}), "a?[31m.cpp:7");
  EXPECT_EQ(place_text({}), "");
}

TEST(HangWords, RequestsNameWhereTheyBegan) {
  Job job(2);
  AwaitedOperation begun = test::receive(0, 4);
  begun.started = {"/home/pi/ring.cpp", 5};
  job.in(1, "wait", begun);
  EXPECT_EQ(doing_text(job.facts.ranks[1]),
            "is in wait for recv from 0, tag 4 (1 x int32), begun at ring.cpp:5, at ring.cpp:10");
  job.in(1, "wait_any", test::synchronous_send(0, 9));
  job[1].any_is_enough = true;
  job[1].operations_in_all = 5;
  EXPECT_EQ(
      doing_text(job.facts.ranks[1]),
      "is in wait_any for any of: recv from 0, tag 4 (1 x int32), begun at ring.cpp:5; ssend to "
      "0, tag 9 (1 x int32); and 2 more, at ring.cpp:10");
}

TEST(HangWords, MembersOfACommunicatorGoByTheirRankInIt) {
  Job job(6);
  bootstrap::CommunicatorState group;
  group.context = 6;
  group.members = {5, 3, 1};
  job[1].communicators.push_back(group);
  job.in(1, "recv", test::receive(3, 4, 6));
  EXPECT_THAT(doing_text(job.facts.ranks[1]),
              HasSubstr("recv from 1 (rank 3 of the job), tag 4 (1 x int32) of communicator 3 "
                        "(ranks 1, 3, 5 of the job)"));
}

TEST(HangWords, ProcessesOutsideTheLibrary) {
  Job job(1);
  const auto text = [&](ProcessState::Doing doing, std::uint32_t busy) {
    job.does(0, doing, busy);
    return doing_text(job.facts.ranks[0]);
  };
  EXPECT_EQ(text(ProcessState::Doing::stopped, 0), "is stopped (by SIGSTOP, or a debugger)");
  EXPECT_EQ(text(ProcessState::Doing::reading_input, 0), "waits for its standard input");
  EXPECT_EQ(text(ProcessState::Doing::asleep, 500), "computes (50 % of a core)");
  EXPECT_THAT(text(ProcessState::Doing::asleep, 0), HasSubstr("sleeps outside prun"));
}

// --- is it a deadlock?
// ---------------------------------------------------------------------------------------------------------

// Both ranks wait for the other; each has sent the other three frames, which have come.
Job stuck() {
  Job job(2);
  job.in(0, "recv", test::receive(1, 1));
  job.in(1, "recv", test::receive(0, 1));
  job[0].links = {{1, 3, 3}};
  job[1].links = {{0, 3, 3}};
  return job;
}

TEST(HangQuiescence, TwoLooksThatAgree) {
  EXPECT_TRUE(is_deadlock(stuck().facts, stuck().facts));
}

TEST(HangQuiescence, NotWhileAnythingIsOnItsWay) {
  Job job = stuck();
  job[0].links = {{1, 4, 3}};
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
  job[0].links = {};  // one that has never been in touch, as it counts
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
}

TEST(HangQuiescence, NotWhereSomethingMovedBetweenTheLooks) {
  Job later = stuck();
  later[0].links = {{1, 4, 4}};
  later[1].links = {{0, 4, 4}};
  EXPECT_FALSE(is_deadlock(stuck().facts, later.facts));
  EXPECT_FALSE(same_counts(stuck().facts, later.facts));
}

TEST(HangQuiescence, NotWithoutEveryRank) {
  Job job = stuck();
  job.does(1, ProcessState::Doing::stopped, 0);
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
  job = stuck();
  job.facts.ranks[1].state.reset();  // its host has not answered
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
  job = stuck();
  job[1].waiting = false;
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
  job = stuck();
  job[1].may_end_by_itself = true;
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
  job = stuck();
  job[1].busy_permille = 300;
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
}

TEST(HangQuiescence, RanksThatHaveEndedDoNotCount) {
  Job job(3);
  job.in(0, "recv", test::receive(1, 1));
  job.in(1, "recv", test::receive(0, 1));
  job.ended(2, "exited with status 0");
  job[0].links = {{2, 5, 1}};  // what became of it nobody can tell
  EXPECT_TRUE(is_deadlock(job.facts, job.facts));
  job.ended(0, "exited with status 0");
  job.ended(1, "exited with status 0");
  EXPECT_FALSE(is_deadlock(job.facts, job.facts));
}

TEST(HangQuiescence, RanksThatAreNoneAreIgnored) {
  Job job = stuck();
  job[0].links.push_back({4'000'000'000u, 1, 0});
  EXPECT_TRUE(is_deadlock(job.facts, job.facts));
}

}  // namespace
}  // namespace prun::hang
