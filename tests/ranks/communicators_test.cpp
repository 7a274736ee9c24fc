// Communicators between real processes: who is in them, and that their messages never meet.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

TEST(World, KnowsItsRanksAndHosts) {
  EXPECT_GE(world().rank(), 0);
  EXPECT_LT(world().rank(), world().size());
  EXPECT_FALSE(world().host().empty());
  EXPECT_EQ(world().world_rank(world().rank()), world().rank());
  EXPECT_EQ(world().rank_of_world(world().size()), std::nullopt);
}

TEST(Dup, HasMessagesOfItsOwn) {
  const Communicator copy = world().dup();
  EXPECT_EQ(copy.rank(), world().rank());
  EXPECT_EQ(copy.size(), world().size());
  const int next = (world().rank() + 1) % world().size();
  Request first = world().isend(1, next, 7);
  Request second = copy.isend(2, next, 7);
  // Taken in the other order: the tag and the source are the same, the communicator is not.
  EXPECT_EQ(copy.recv<int>(any_source, any_tag), 2);
  EXPECT_EQ(world().recv<int>(any_source, any_tag), 1);
  first.wait();
  second.wait();
}

TEST(Dup, CollectivesOfTwoCommunicatorsMayOverlap) {
  const Communicator copy = world().dup();
  int a = world().rank();
  int b = 10 * world().rank();
  int sum_a = 0;
  int sum_b = 0;
  std::vector<Request> both;
  if (world().rank() % 2 == 0) {
    both.push_back(world().iallreduce(a, sum_a, std::plus<>{}));
    both.push_back(copy.iallreduce(b, sum_b, std::plus<>{}));
  } else {
    both.push_back(copy.iallreduce(b, sum_b, std::plus<>{}));
    both.push_back(world().iallreduce(a, sum_a, std::plus<>{}));
  }
  wait_all(both);
  const int n = world().size();
  EXPECT_EQ(sum_a, n * (n - 1) / 2);
  EXPECT_EQ(sum_b, 10 * sum_a);
}

TEST(Split, ByColourAndKey) {
  const int color = world().rank() % 2;
  const Communicator half = world().split(color, -world().rank());  // reversed order
  const int expected_size = (world().size() + 1 - color) / 2;
  EXPECT_EQ(half.size(), expected_size);
  EXPECT_EQ(half.world_rank(half.rank()), world().rank());
  for (int rank = 1; rank < half.size(); ++rank)
    EXPECT_LT(half.world_rank(rank), half.world_rank(rank - 1));
  const std::vector<int> members = half.allgather(world().rank());
  for (int rank = 0; rank < half.size(); ++rank) {
    EXPECT_EQ(members[static_cast<std::size_t>(rank)], half.world_rank(rank));
    EXPECT_EQ(half.rank_of_world(members[static_cast<std::size_t>(rank)]), rank);
  }
}

TEST(Split, WithoutColourGivesNoCommunicator) {
  const bool stays = world().rank() == 0;
  const Communicator alone = world().split(stays ? std::optional(3) : std::nullopt);
  EXPECT_EQ(alone.valid(), stays);
  if (stays) {
    EXPECT_EQ(alone.size(), 1);
    EXPECT_EQ(alone.allreduce(5, std::plus<>{}), 5);
  } else {
    EXPECT_THROW(alone.barrier(), Error);
  }
}

TEST(Split, OfASplitKeepsApart) {
  const Communicator half = world().split(world().rank() / 2);
  const Communicator again = half.split(0, -half.rank());
  EXPECT_EQ(again.size(), half.size());
  EXPECT_EQ(again.allreduce(1, std::plus<>{}), half.size());
  EXPECT_EQ(half.allreduce(1, std::plus<>{}), half.size());
}

TEST(Split, ByHost) {
  // These tests run on one machine.
  const Communicator here = world().split_by_host();
  EXPECT_EQ(here.size(), world().size());
}

TEST(Split, ManyCommunicatorsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    const Communicator part = world().split((world().rank() + i) % 3);
    EXPECT_EQ(part.allreduce(1, std::plus<>{}), part.size());
    // A message nobody receives goes with its communicator.
    part.send(i, (part.rank() + 1) % part.size());
  }
  world().barrier();
}

}  // namespace
}  // namespace prun::test
