// How fast connections may send, over simulated wires: what is confirmed, and when.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>

#include "runtime/transport/tcp/pacing_rate.hpp"

namespace prun::transport {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr double endless = std::numeric_limits<double>::infinity();

// What a wire carries in frames of 1448 bytes of payload, in bytes per second.
constexpr double payload(double megabits_per_second) {
  return megabits_per_second * 1e6 / 8 * 1448 / 1538;
}
constexpr double slow = payload(10);
constexpr double medium = payload(100);
constexpr double fast = payload(1000);
// For each byte of payload that a host receives, what it sends to acknowledge it, as payload.
constexpr double acknowledgements = 90.0 / (2 * 1538);

// A rank whose program keeps one connection busy.
class Sender {
 public:
  double wire = medium;
  bool both_ways = true;
  bool in_turn = false;     // not at the same time
  double share = 1;         // of the wire; other connections of the rank have the rest
  double demand = endless;  // of the program, bytes per second
  double noise = 0.4;       // of a measurement: so much more or less
  double reader = endless;  // how fast the peer takes it
  bool tells_who_limits = true;

  // Bytes per second sent on average.
  double run(Seconds time) {
    const auto begin = now_;
    double all = 0;
    while (now_ - begin < time) all += send_until_look();
    return all / Seconds(now_ - begin).count();
  }

  bool limited() const { return pacing.rate() != PacingRate::unlimited; }

  PacingRate pacing;

 private:
  double send_until_look() {
    const double possible = wire * share * (both_ways && !in_turn ? 1 / (1 + acknowledgements) : 1);
    const double allowed = limited() ? pacing.rate() : endless;
    const double rate = std::min({possible, allowed, demand, reader});
    const double bytes = 0.01 * std::max(wire, payload(30));
    PacingRate::Look seen;
    seen.since = now_;
    now_ += std::chrono::duration_cast<std::chrono::nanoseconds>(
        Seconds(bytes / rate * (in_turn ? 2 : 1)));
    seen.now = now_;
    std::uniform_real_distribution<double> factor(1 - noise, 1 + noise);
    if (rate < demand && (rate < reader || !tells_who_limits))
      seen.confirmed = rate * factor(random_);
    seen.sent = static_cast<std::uint64_t>(bytes);
    seen.sent_by_all = static_cast<std::uint64_t>(bytes / share);
    seen.received_by_all = both_ways ? seen.sent_by_all : seen.sent_by_all / 1000;
    pacing.on_look(seen);
    return bytes;
  }

  PacingRate::TimePoint now_{1s};
  std::mt19937 random_{1};  // NOLINT(cert-msc51-cpp): the same every time
};

TEST(PacingRate, NothingIsLimitedBeforeTheWireIsKnown) {
  EXPECT_EQ(PacingRate().rate(), PacingRate::unlimited);
}

TEST(PacingRate, BothWaysItLeavesRoomForAcknowledgements) {
  for (const double wire : {slow, medium}) {
    Sender sender;
    sender.wire = wire;
    sender.run(1s);
    EXPECT_TRUE(sender.limited());
    // All that a wire can do both ways, less what it costs to drain and probe.
    const double best = wire / (1 + acknowledgements);
    const double rate = sender.run(5s);
    EXPECT_LE(rate, best * 1.001);
    EXPECT_GE(rate, best * 0.98);
  }
}

TEST(PacingRate, OneWayNothingIsLimited) {
  Sender sender;
  sender.both_ways = false;
  EXPECT_GT(sender.run(5s), 0.999 * medium);
  EXPECT_FALSE(sender.limited());
}

TEST(PacingRate, NorWhereTheTwoTakeTurns) {
  Sender sender;
  sender.in_turn = true;
  for (int i = 0; i < 300; ++i) {
    sender.run(10ms);
    ASSERT_FALSE(sender.limited());
  }
}

TEST(PacingRate, LimitEndsSoonAfterTheOtherDirection) {
  Sender sender;
  sender.run(2s);
  sender.both_ways = false;
  sender.run(100ms);
  EXPECT_FALSE(sender.limited());
  sender.both_ways = true;
  sender.run(50ms);
  EXPECT_TRUE(sender.limited());
}

TEST(PacingRate, FirstTheQueueIsDrained) {
  Sender sender;
  while (!sender.limited()) sender.run(1ms);
  const std::uint32_t first = sender.pacing.rate();
  sender.run(100ms);
  EXPECT_LT(first, 0.9 * sender.pacing.rate());
}

TEST(PacingRate, OtherWiresAreLeftAlone) {
  for (const double wire : {payload(3), payload(40), payload(300), fast}) {
    Sender sender;
    sender.wire = wire;
    sender.noise = 0.1;
    for (int i = 0; i < 300; ++i) {
      sender.run(10ms);
      ASSERT_FALSE(sender.limited()) << wire;
    }
  }
}

TEST(PacingRate, FollowsAWireThatBecomesFaster) {
  Sender sender;
  sender.wire = slow;
  sender.run(3s);
  sender.wire = medium;
  sender.run(1s);
  EXPECT_GT(sender.run(1s), 0.94 * medium);
  sender.wire = fast;
  sender.run(1s);
  EXPECT_FALSE(sender.limited());
}

TEST(PacingRate, FollowsAWireThatBecomesSlower) {
  Sender sender;
  sender.run(3s);
  sender.wire = slow;
  sender.run(2s);
  EXPECT_LT(sender.pacing.rate(), 3 * slow);
}

TEST(PacingRate, DoesNotLoseAWireThatStays) {
  for (const double wire : {slow, medium}) {
    Sender sender;
    sender.wire = wire;
    sender.run(2s);
    for (int i = 0; i < 300; ++i) ASSERT_GT(sender.run(1s), 0.94 * wire) << "second " << i;
    EXPECT_TRUE(sender.limited());
  }
}

TEST(PacingRate, NeitherASlowProgramNorASlowReaderTellsOfTheWire) {
  for (double Sender::*const limit : {&Sender::demand, &Sender::reader}) {
    Sender sender;
    sender.run(2s);
    sender.*limit = slow;
    sender.run(10s);
    sender.*limit = endless;
    EXPECT_GT(sender.run(1s), 0.94 * medium);
  }
}

TEST(PacingRate, IsFreeAgainSoonWhereAReaderWasTakenForTheWire) {
  Sender sender;
  sender.tells_who_limits = false;
  sender.reader = slow;
  sender.run(5s);
  sender.reader = endless;
  sender.run(1s);
  EXPECT_GT(sender.run(1s), 0.94 * medium);
}

TEST(PacingRate, AShareOfTheWireIsNotTakenForTheWire) {
  Sender sender;
  sender.run(2s);
  sender.share = 0.1;
  sender.run(5s);
  sender.share = 1;
  EXPECT_GT(sender.run(500ms), 0.94 * medium);
}

}  // namespace
}  // namespace prun::transport
