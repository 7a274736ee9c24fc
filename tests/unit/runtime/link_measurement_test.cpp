#include "runtime/coll/link_measurement.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "runtime/coll/start.hpp"
#include "tests/support/cluster.hpp"

namespace prun::coll {
namespace {

constexpr Link fast{20'000, 8'000};
constexpr Link slow{90'000, 80'000};
constexpr Link slower{70'000, 85'000};
constexpr Link memory{400, 150};

TEST(AgreedLinks, HaveTheLatencyInTheMiddleAndTheLeastSpeed) {
  const LinkModel agreed = agree({{fast, {}}, {slow, {}}, {{}, memory}, {slower, {}}});
  EXPECT_EQ(agreed.between_hosts.latency, slower.latency);
  EXPECT_EQ(agreed.between_hosts.byte_ps, slower.byte_ps);
  EXPECT_EQ(agreed.within_host, memory);
}

TEST(AgreedLinks, AreTheAssumedOnesWhereNobodyKnows) {
  EXPECT_EQ(agree({{}, {}}), LinkModel());
}

// Ranks of one process as members of a team on several hosts.
class LinkMeasurement : public testing::Test {
 protected:
  static constexpr int ranks = 5;

  LinkMeasurement() : cluster_(options()), map_(std::vector<std::uint32_t>{4, 4, 9, 9, 7}) {
    findings_.resize(ranks);
    states_.resize(ranks);
  }

  static test::ClusterOptions options() {
    test::ClusterOptions chosen;
    chosen.ranks = ranks;
    chosen.network.seed = 1;
    return chosen;
  }
  Team team(int rank, int call) {
    Team made = cluster_.team(rank, call, datatype_of<float>());
    made.set_host_map(&map_);
    return made;
  }
  std::vector<LinkModel> measure(int call) {
    std::vector<LinkModel> links(ranks);
    std::vector<Task> tasks;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      tasks.push_back(
          measure_links(team(static_cast<int>(rank), call), &findings_[rank], &links[rank]));
    }
    cluster_.run(tasks);
    for (const Task& task : tasks) EXPECT_FALSE(test::failure_of(task));
    return links;
  }
  Basis basis(int rank) {
    const auto at = static_cast<std::size_t>(rank);
    return {tuning_, &states_[at], &findings_[at]};
  }

  test::Cluster cluster_;
  HostMap map_;
  Tuning tuning_;
  std::deque<LinkFindings> findings_;
  std::deque<LinkState> states_;
};

TEST_F(LinkMeasurement, AllMembersEndWithTheSame) {
  const std::vector<LinkModel> links = measure(0);
  for (const LinkModel& each : links) {
    EXPECT_EQ(each, links[0]);
    EXPECT_GT(each.between_hosts.latency, 0);
    EXPECT_GT(each.between_hosts.byte_ps, 0);
  }
  EXPECT_NE(links[0].between_hosts, LinkModel().between_hosts);
  EXPECT_NE(links[0].within_host, LinkModel().within_host);
  cluster_.expect_quiet();
}

// From communicators that were not the same ones.
TEST_F(LinkMeasurement, MembersThatKnowDifferentThingsAgreeWithoutMeasuring) {
  for (LinkFindings& each : findings_) each = {fast, memory};
  findings_[3].between_hosts = slow;
  for (const LinkModel& each : measure(0)) {
    EXPECT_EQ(each.between_hosts.latency, fast.latency);
    EXPECT_EQ(each.between_hosts.byte_ps, slow.byte_ps);
    EXPECT_EQ(each.within_host, memory);
  }
  for (const LinkFindings& each : findings_) EXPECT_EQ(each.between_hosts->byte_ps, slow.byte_ps);
}

TEST_F(LinkMeasurement, OneThatKnowsNothingMakesAllMeasure) {
  for (LinkFindings& each : findings_) each = {Link{12'345'678, 42}, memory};
  findings_[2] = {};
  const std::vector<LinkModel> links = measure(0);
  EXPECT_NE(links[0].between_hosts.latency, 12'345'678);
  for (const LinkModel& each : links) EXPECT_EQ(each, links[0]);
}

// Several calls at once before anything is known: one measures, the others wait for it.
TEST_F(LinkMeasurement, CallsMadeMeanwhileWaitForIt) {
  constexpr int calls = 3;
  std::vector<std::vector<float>> data(ranks * calls, std::vector<float>(5000, 1.0F));
  std::vector<Task> others;
  std::vector<Task> last;
  for (int call = 0; call < calls; ++call) {
    for (int rank = 0; rank < ranks; ++rank) {
      BcastArguments arguments;
      std::vector<float>& mine = data[static_cast<std::size_t>(call * ranks + rank)];
      if (rank == call) std::fill(mine.begin(), mine.end(), static_cast<float>(call + 2));
      arguments.data = std::as_writable_bytes(std::span(mine));
      arguments.root = call;
      std::vector<Task>& tasks = call + 1 == calls ? last : others;
      tasks.push_back(bcast(team(rank, call), arguments, basis(rank)));
    }
  }
  for (Task& task : others) task.start();
  cluster_.run(last);
  cluster_.expect_quiet();
  for (const Task& task : others) EXPECT_TRUE(task.done());
  for (int call = 0; call < calls; ++call) {
    for (int rank = 0; rank < ranks; ++rank) {
      const std::vector<float>& mine = data[static_cast<std::size_t>(call * ranks + rank)];
      EXPECT_EQ(mine, std::vector<float>(5000, static_cast<float>(call + 2)));
    }
  }
  for (const LinkState& state : states_) {
    EXPECT_EQ(state.stage(), LinkState::Stage::known);
    EXPECT_EQ(state.links(), states_[0].links());
  }
}

TEST_F(LinkMeasurement, SmallCallsDoNotMeasure) {
  std::vector<Task> tasks;
  for (int rank = 0; rank < ranks; ++rank) tasks.push_back(barrier(team(rank, 0), {}, basis(rank)));
  cluster_.run(tasks);
  for (const LinkState& state : states_) EXPECT_EQ(state.stage(), LinkState::Stage::unknown);
}

TEST_F(LinkMeasurement, WhoWaitsForOneThatIsGivenUpFails) {
  std::vector<float> data(100'000);
  BcastArguments arguments;
  arguments.data = std::as_writable_bytes(std::span(data));
  arguments.root = 0;
  auto first = std::make_unique<Task>(bcast(team(0, 0), arguments, basis(0)));
  Task second = bcast(team(0, 1), arguments, basis(0));
  first->start();
  second.start();
  EXPECT_FALSE(second.done());
  first.reset();
  ASSERT_TRUE(second.done());
  const auto failure = test::failure_of(second);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Errc::cancelled);
}

}  // namespace
}  // namespace prun::coll
