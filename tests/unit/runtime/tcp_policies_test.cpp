// When a small message waits for others, and how much bulk may stand before one.
#include <gtest/gtest.h>

#include <chrono>

#include "runtime/transport/tcp/burst_policy.hpp"
#include "runtime/transport/tcp/unsent_limit.hpp"

namespace prun::transport {
namespace {

using namespace std::chrono_literals;

class Program {
 public:
  // A burst of so many messages, then `away` until the program is in the library again. Whether any
  // message was allowed to wait.
  bool burst(int messages, std::chrono::microseconds away) {
    bool waited = false;
    for (int i = 0; i < messages; ++i) {
      now_ += 1us;
      const bool may = policy.on_message(now_);
      if (i > 0 && may) {
        policy.on_wait();
        waited = true;
      }
    }
    now_ += away;
    policy.on_return(now_);
    return waited;
  }
  void prove() {
    for (unsigned i = 0; i < BurstPolicy::proofs_at_first; ++i) EXPECT_FALSE(burst(4, 10us));
  }
  void pass(std::chrono::microseconds time) { now_ += time; }
  bool message() { return policy.on_message(now_); }

  BurstPolicy policy;

 private:
  BurstPolicy::Clock::time_point now_{1s};
};

TEST(BurstPolicy, NothingWaitsBeforeTheProgramHasComeBackInTimeSomeTimes) {
  Program program;
  program.prove();
  EXPECT_TRUE(program.burst(4, 10us));
}

TEST(BurstPolicy, LoneMessagesProveNothing) {
  Program program;
  for (int i = 0; i < 100; ++i) program.burst(1, 10us);
  EXPECT_FALSE(program.burst(4, 10us));
}

TEST(BurstPolicy, ProgramThatComputesAfterEveryBurstNeverHasMessagesWaiting) {
  Program program;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(program.burst(4, 10ms)) << i;
}

TEST(BurstPolicy, DelaysOfAChangingProgramGetRarer) {
  Program program;
  int delayed = 0;
  for (int i = 0; i < 20'000; ++i) {
    // The worst: it computes as soon as it is trusted.
    if (program.burst(4, 10us)) {
      // Trusted now; the next burst is followed by computing.
      if (program.burst(4, 100ms)) ++delayed;
    }
  }
  EXPECT_GT(delayed, 0);
  EXPECT_LT(delayed, 30);
}

TEST(BurstPolicy, MessageAfterAPauseBeginsABurstOfItsOwn) {
  Program program;
  program.prove();
  program.message();
  const unsigned first = program.policy.burst();
  program.message();
  EXPECT_EQ(program.policy.burst(), first);
  program.policy.on_wait();
  program.pass(10ms);
  EXPECT_FALSE(program.message()) << "a message has waited for too long";
  EXPECT_NE(program.policy.burst(), first);
}

TEST(UnsentLimit, FollowsTheSpeedOfTheWire) {
  for (const double megabit : {10.0, 100.0, 400.0}) {
    UnsentLimit limit;
    const double speed = megabit * 1e6 / 8;
    for (int i = 0; i < 40; ++i) limit.on_speed(speed);
    const double expected =
        std::max(speed * UnsentLimit::seconds_of_wire, static_cast<double>(UnsentLimit::smallest));
    EXPECT_NEAR(static_cast<double>(limit.bytes()), expected, 0.3 * expected) << megabit;
  }
}

TEST(UnsentLimit, IsBoundedWhateverIsMeasured) {
  UnsentLimit limit;
  for (int i = 0; i < 100; ++i) limit.on_speed(1e12);
  EXPECT_EQ(limit.bytes(), UnsentLimit::largest);
  for (int i = 0; i < 200; ++i) limit.on_speed(1);
  EXPECT_EQ(limit.bytes(), UnsentLimit::smallest);
}

TEST(UnsentLimit, RestsWhileTheSpeedHardlyChanges) {
  UnsentLimit limit;
  for (int i = 0; i < 40; ++i) limit.on_speed(12.5e6);
  int changes = 0;
  for (int i = 0; i < 1000; ++i) changes += limit.on_speed(i % 2 == 0 ? 11.5e6 : 13.5e6);
  EXPECT_EQ(changes, 0);
}

TEST(UnsentLimit, OneOddMeasurementDoesNotUpsetIt) {
  UnsentLimit limit;
  for (int i = 0; i < 40; ++i) limit.on_speed(12.5e6);
  const std::size_t before = limit.bytes();
  limit.on_speed(20e6);
  EXPECT_EQ(limit.bytes(), before);
}

}  // namespace
}  // namespace prun::transport
