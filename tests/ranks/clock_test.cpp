// The job's clock between ranks of one host; tests/cluster/clock_test.py has several.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

using namespace std::chrono_literals;

TEST(Clock, IsOneForAllRanksOfAHost) {
  Clock& clock = environment().clock();
  // A token goes round, and at each rank it is later than it was at the one before.
  std::int64_t last = 0;
  if (world().rank() > 0) last = world().recv<std::int64_t>(world().rank() - 1, 1);
  const auto now = clock.now().time_since_epoch().count();
  EXPECT_GE(now, last);
  EXPECT_EQ(clock.read().error.count(), 0);
  if (world().rank() + 1 < world().size()) world().send(now, world().rank() + 1, 1);
}

TEST(Clock, NeverRunsBackwards) {
  Clock& clock = environment().clock();
  auto before = clock.now();
  for (int i = 0; i < 10'000; ++i) {
    const auto now = clock.now();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(Clock, SleepsUntilATime) {
  Clock& clock = environment().clock();
  const auto when = clock.now() + 20ms;
  clock.sleep_until(when);
  EXPECT_GE(clock.now(), when);
  clock.sleep_until(when - 1s);  // has passed
}

// A rank that sleeps takes part all the same: a large message goes through meanwhile.
TEST(Clock, ARankThatSleepsServesMessages) {
  if (world().size() < 2 || world().rank() > 1) return;
  Clock& clock = environment().clock();
  const std::vector<int> large(1 << 20, 7);
  if (world().rank() == 0) {
    std::vector<int> got(large.size());
    auto receive = world().irecv(got, 1, 2);
    clock.sleep_until(clock.now() + 50ms);
    while (!receive.test()) clock.sleep_until(clock.now() + 5ms);
    EXPECT_EQ(got, large);
  } else {
    world().send(large, 0, 2);
  }
}

TEST(Clock, AllLeaveABarrierAtTheSameInstant) {
  Clock& clock = environment().clock();
  for (int i = 0; i < 5; ++i) {
    const auto instant = clock.barrier_until(world());
    EXPECT_GE(clock.now(), instant);
    const std::int64_t mine = instant.time_since_epoch().count();
    EXPECT_EQ(world().allreduce(mine, prun::min), world().allreduce(mine, prun::max));
  }
  const auto later = clock.now() + 30ms;
  EXPECT_GE(clock.barrier_until(world(), later), later);
}

TEST(Clock, CallsAtATime) {
  Clock& clock = environment().clock();
  const auto when = clock.now() + 20ms;
  Clock::time_point called;
  auto call = clock.at(when, [&] { called = clock.now(); });
  call.wait();
  EXPECT_GE(called, when);
  EXPECT_FALSE(call.cancel());
}

TEST(Clock, ACallCanBeWithdrawn) {
  Clock& clock = environment().clock();
  std::atomic<bool> called{false};
  auto call = clock.at(clock.now() + 1h, [&] { called = true; });
  EXPECT_TRUE(call.cancel());
  call.wait();
  {
    const auto forgotten = clock.at(clock.now() + 1h, [&] { called = true; });
  }
  auto replaced = clock.at(clock.now() + 1h, [&] { called = true; });
  replaced = clock.at(clock.now(), [] {});
  replaced.wait();
  EXPECT_FALSE(called);
}

TEST(Clock, OtherThreadsMayReadIt) {
  Clock& clock = environment().clock();
  std::thread other([&clock] {
    auto before = clock.now();
    for (int i = 0; i < 1000; ++i) {
      const auto now = clock.now();
      EXPECT_GE(now, before);
      before = now;
    }
    clock.sleep_until(clock.now() + 5ms);
  });
  for (int i = 0; i < 1000; ++i) clock.now();
  other.join();
}

}  // namespace
}  // namespace prun::test
