// What a message costs, by the runtime's own counters and by counting allocations.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/ranks/allocations.hpp"
#include "tests/ranks/pair.hpp"
#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

constexpr int rounds = 100;

class EagerPath : public testing::TestWithParam<std::size_t> {};

TEST_P(EagerPath, OneSystemCallASideAndNoAllocation) {
  std::vector<std::byte> data(GetParam());
  if (takes_part()) {
    ping_pong(data, 600);
    const Counters before = environment().counters(other());
    const std::uint64_t allocated_before = allocations();
    ping_pong(data, rounds);
    const std::uint64_t allocated = allocations() - allocated_before;
    const Counters cost = environment().counters(other()) - before;
    // What rank 1 does next would be counted here.
    if (world().rank() == 0) world().send(std::span<const std::byte>(data).first(1), 1, 1);
    if (world().rank() == 1) world().recv(std::span(data).first(1), 0, 1);
    EXPECT_EQ(allocated, 0u);
    EXPECT_EQ(cost.messages_sent, rounds);
    EXPECT_EQ(cost.messages_received, rounds);
    // Each frame by a call of its own; flow control has a frame for an eighth of a peer's room, 128
    // messages or 32 KiB.
    EXPECT_EQ(cost.writes, cost.frames_sent);
    EXPECT_LE(cost.frames_sent, rounds + 2u + rounds * GetParam() / (32u << 10));
    EXPECT_EQ(cost.writes_refused, 0u);
    EXPECT_LE(cost.reads, cost.frames_received);
    EXPECT_EQ(cost.bytes_sent - (cost.frames_sent - rounds) * 16, rounds * (GetParam() + 1));
  }
  world().barrier();
}

INSTANTIATE_TEST_SUITE_P(Bytes, EagerPath, testing::Values(1, 64, 512, 1024));

TEST(Counters, MessagesOfABurstLeaveTogether) {
  constexpr int window = 64;
  std::vector<std::int32_t> data(window);
  const auto burst = [&] {
    std::vector<Request> requests;
    for (std::int32_t& value : data) {
      if (world().rank() == 0)
        requests.push_back(world().isend(std::span<const std::int32_t>(&value, 1), 1));
      if (world().rank() == 1)
        requests.push_back(world().irecv(std::span<std::int32_t>(&value, 1), 0));
    }
    wait_all(requests);
    std::int32_t answer = 0;
    if (world().rank() == 0) world().recv(answer, 1, 0);
    if (world().rank() == 1) world().send(answer, 0);
  };
  if (takes_part()) {
    // Not each burst: a machine that is busy may keep this rank from returning in time.
    std::uint64_t fewest = window;
    for (int i = 0; i < 200; ++i) {
      const Counters before = environment().counters(other());
      burst();
      const Counters cost = environment().counters(other()) - before;
      if (world().rank() == 0) {
        EXPECT_EQ(cost.messages_sent, window);
        fewest = std::min(fewest, cost.writes);
      }
    }
    if (world().rank() == 0) {
      EXPECT_LE(fewest, 3u);
    }
  }
  world().barrier();
}

TEST(Counters, MessageThatCameBeforeItsReceiveIsCopiedOutOfMemory) {
  if (takes_part()) {
    std::vector<std::byte> data(1000);
    if (world().rank() == 0) {
      const Counters before = environment().counters(1);
      world().send(std::span<const std::byte>(data), 1, 5);
      world().send(std::span<const std::byte>(data).first(1), 1, 6);
      EXPECT_EQ((environment().counters(1) - before).messages_sent, 2u);
    } else {
      world().recv(std::span(data).first(1), 0, 6);  // the other is here by then
      const Counters waiting = environment().counters(0);
      world().recv(std::span(data), 0, 5);
      EXPECT_EQ((environment().counters(0) - waiting).bytes_copied, data.size());
    }
  }
  world().barrier();
}

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// By the time of the processor, so that a busy machine changes nothing. Rank 0 keeps the others
// waiting, asleep itself in a receive that nothing will meet.
template <class Wait>
void expect_idle_waiting(const Wait& wait) {
  world().barrier();
  constexpr std::chrono::milliseconds time{1000};
  const double before = processor_seconds();
  if (world().rank() == 0) {
    std::int32_t nothing = 0;
    EXPECT_THROW(world().recv(nothing, 1, 99, time), Error);
  }
  wait();
  // A hundredth of the time, and what a system under a sanitizer takes to get there.
  EXPECT_LT(processor_seconds() - before, 0.01 * std::chrono::duration<double>(time).count());
  world().barrier();
}

TEST(Waiting, TakesNoProcessorTimeInRecv) {
  expect_idle_waiting([] {
    std::int32_t token = 0;
    if (world().rank() == 0) {
      for (int rank = 1; rank < world().size(); ++rank) world().send(token, rank);
    } else {
      world().recv(token, 0, 0);
    }
  });
}

TEST(Waiting, TakesNoProcessorTimeInBarrier) {
  expect_idle_waiting([] { world().barrier(); });
}

TEST(Waiting, TakesNoProcessorTimeInWait) {
  expect_idle_waiting([] {
    std::int32_t token = 0;
    if (world().rank() == 0) {
      for (int rank = 1; rank < world().size(); ++rank) world().send(token, rank);
    } else {
      Request request = world().irecv(std::span<std::int32_t>(&token, 1), 0);
      request.wait();
    }
  });
}

}  // namespace
}  // namespace prun::test
