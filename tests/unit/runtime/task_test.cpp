#include "runtime/coll/task.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/coll/transfers.hpp"
#include "tests/support/cluster.hpp"

namespace prun::coll {
namespace {

using Numbers = std::array<std::uint32_t, 4>;

std::span<std::byte> bytes(Numbers& numbers) {
  return std::as_writable_bytes(std::span(numbers));
}

class TaskTest : public testing::Test {
 protected:
  TaskTest() : cluster_({}) {}
  Team team(int rank) { return cluster_.team(rank, 1, datatype_of<std::uint32_t>()); }

  test::Cluster cluster_;
};

Task note(std::vector<std::string>& notes, std::string what) {
  notes.push_back(what);
  co_return;
}

Task note_around(std::vector<std::string>& notes) {
  notes.push_back("before");
  Task inner = note(notes, "inner");
  co_await std::move(inner);
  notes.push_back("after");
}

TEST_F(TaskTest, DoesNothingBeforeItIsStarted) {
  std::vector<std::string> notes;
  Task task = note_around(notes);
  EXPECT_TRUE(notes.empty());
  EXPECT_FALSE(task.done());
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(notes, (std::vector<std::string>{"before", "inner", "after"}));
  EXPECT_FALSE(task.error());
}

Task receive(Team team, int from, std::span<std::byte> place) {
  Receiving in = team.recv(from, place);
  co_await in;
}

Task receive_inside(Team team, int from, std::span<std::byte> place, std::string& caught) {
  try {
    Task inner = receive(team, from, place);
    co_await std::move(inner);
  } catch (const TransferFailed& failed) {
    caught = failed.failure().text;
    throw;
  }
}

TEST_F(TaskTest, WaitsForATransferAndGoesOn) {
  Numbers sent = {1, 2, 3, 4};
  Numbers got = {};
  std::string caught;
  Task task = receive_inside(team(1), 0, bytes(got), caught);
  task.start();
  EXPECT_FALSE(task.done());
  Sending out = team(0).send(1, bytes(sent));
  ASSERT_TRUE(cluster_.run_until([&] { return task.done(); }));
  EXPECT_FALSE(task.error());
  EXPECT_EQ(got, sent);
  EXPECT_EQ(caught, "");
}

TEST_F(TaskTest, AFailedTransferEndsItAndEveryTaskAroundIt) {
  Numbers got = {};
  std::string caught;
  Task task = receive_inside(team(1), 0, bytes(got), caught);
  task.start();
  cluster_.lose(0);
  ASSERT_TRUE(cluster_.run_until([&] { return task.done(); }));
  const auto failure = test::failure_of(task);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Errc::peer_lost);
  EXPECT_EQ(failure->peer, 0);
  EXPECT_EQ(caught, failure->text);
}

TEST_F(TaskTest, FailsAtOnceWhenThePeerIsKnownToBeGone) {
  cluster_.endpoint(1).peer_finished(0);
  Numbers got = {};
  Task task = receive(team(1), 0, bytes(got));
  task.start();
  ASSERT_TRUE(task.done());
  const auto failure = test::failure_of(task);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Errc::peer_finished);
}

Task throw_after(Team team, int from, std::span<std::byte> place) {
  Receiving in = team.recv(from, place);
  co_await in;
  throw std::runtime_error("the user's operation");
}

TEST_F(TaskTest, KeepsWhatTheUsersOperationThrew) {
  Numbers numbers = {};
  Task task = throw_after(team(1), 0, bytes(numbers));
  task.start();
  Sending out = team(0).send(1, bytes(numbers));
  ASSERT_TRUE(cluster_.run_until([&] { return task.done(); }));
  EXPECT_THROW(std::rethrow_exception(task.error()), std::runtime_error);
}

TEST_F(TaskTest, DestructionWithdrawsWhatItWaitsFor) {
  Numbers sent = {1, 2, 3, 4};
  Numbers first = {};
  Numbers second = {};
  {
    std::string caught;
    Task given_up = receive_inside(team(1), 0, bytes(first), caught);
    given_up.start();
  }
  Task task = receive(team(1), 0, bytes(second));
  task.start();
  Sending out = team(0).send(1, bytes(sent));
  ASSERT_TRUE(cluster_.run_until([&] { return task.done(); }));
  EXPECT_EQ(first, Numbers{});
  EXPECT_EQ(second, sent);
}

// Completed, but not yet resumed: the waiter must be forgotten.
TEST_F(TaskTest, DestructionBetweenCompletionAndResumption) {
  Numbers got = {};
  auto task = std::make_unique<Task>(receive(team(1), 0, bytes(got)));
  task->start();
  cluster_.endpoint(1).peer_finished(0);
  task.reset();
  EXPECT_FALSE(cluster_.endpoint(1).run_ready());
}

Task receive_three(Team team, int from, std::array<Numbers, 3>& places,
                   std::vector<std::size_t>& still_under_way) {
  Receives incoming;
  for (Numbers& place : places) incoming.start(team, from, bytes(place));
  while (!incoming.empty()) {
    co_await incoming.oldest();
    still_under_way.push_back(incoming.size());
  }
}

TEST_F(TaskTest, TransfersAreAwaitedInTheOrderStarted) {
  std::array<Numbers, 3> places = {};
  std::vector<std::size_t> still_under_way;
  Task task = receive_three(team(1), 0, places, still_under_way);
  task.start();
  Sends outgoing;
  std::array<Numbers, 3> sent = {{{1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}};
  for (Numbers& numbers : sent) outgoing.start(team(0), 1, bytes(numbers));
  ASSERT_TRUE(cluster_.run_until([&] { return task.done(); }));
  EXPECT_EQ(places, sent);
  EXPECT_EQ(still_under_way, (std::vector<std::size_t>{2, 1, 0}));
}

Task receive_as_it_comes(Team team, int from, detail::RecvBuffer buffer) {
  Receiving in = team.recv_into(from, buffer);
  co_await in;
}

TEST_F(TaskTest, ABlockOfAnotherLengthFailsUnlessTheReceiverLetsItComeAsItIs) {
  Numbers sent = {1, 2, 3, 4};
  std::array<std::uint32_t, 5> place = {};
  const std::span<std::byte> room = std::as_writable_bytes(std::span(place));
  Task strict = receive(team(1), 0, room);
  const detail::RecvBuffer buffer = {room.data(), 5, datatype_of<std::uint32_t>()};
  Task loose = receive_as_it_comes(team(1), 0, buffer);
  strict.start();
  loose.start();
  Sending first = team(0).send(1, bytes(sent));
  Sending second = team(0).send(1, bytes(sent));
  ASSERT_TRUE(cluster_.run_until([&] { return strict.done() && loose.done(); }));
  const auto failure = test::failure_of(strict);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Errc::truncated);
  EXPECT_FALSE(test::failure_of(loose));
  EXPECT_EQ(place, (std::array<std::uint32_t, 5>{1, 2, 3, 4, 0}));
}

}  // namespace
}  // namespace prun::coll
