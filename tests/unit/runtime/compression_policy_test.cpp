#include "runtime/transport/tcp/compression_policy.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/transport/tcp/link_rate.hpp"

namespace prun::transport {
namespace {

using core::CompressionMode;

constexpr double megabyte = 1e6;
constexpr std::size_t block = 16 << 10;

// What compressing takes on some computer, and leaves of some data.
struct Nature {
  double share;             // fast
  double bytes_per_second;  // fast
  double thorough_share;
  double thorough_bytes_per_second;
};
constexpr Nature prose_on_a_pc{0.50, 450 * megabyte, 0.38, 70 * megabyte};
constexpr Nature prose_on_a_slow_board{0.50, 60 * megabyte, 0.38, 8 * megabyte};
constexpr Nature noise_on_a_pc{1.0, 2000 * megabyte, 1.0, 30 * megabyte};
constexpr Nature noise_on_a_slow_board{1.0, 300 * megabyte, 1.0, 4 * megabyte};

// A link and a computer of which the policy is told. Time passes as the wire and the compressor take
// it, one beside the other.
class Sending {
 public:
  explicit Sending(CompressionMode mode, double mbit) : policy_(mode) { set_rate(mbit); }

  void set_rate(double mbit) {
    rate_ = mbit * megabyte / 8;
    policy_.on_link_rate(rate_);
  }

  void send(const Nature& nature, int blocks) {
    for (int i = 0; i < blocks; ++i) {
      const auto effort = policy_.next();
      if (!effort) {
        policy_.on_plain(block);
        seconds_ += block / rate_;
        continue;
      }
      ++tried_;
      const bool fast = *effort == Effort::fast;
      const double share = fast ? nature.share : nature.thorough_share;
      const double speed = fast ? nature.bytes_per_second : nature.thorough_bytes_per_second;
      const double compressing = block / speed;
      policy_.on_block(*effort, block, static_cast<std::size_t>(share * block),
                       CompressionPolicy::Seconds(compressing), CompressionPolicy::Seconds(0));
      // A try that nobody waits for is beside the wire only where there is a queue: count it in full.
      seconds_ += policy_.settled() ? std::max(compressing, share * block / rate_)
                                    : compressing + share * block / rate_;
    }
    bytes_ += static_cast<double>(blocks) * block;
  }

  // Of the time that the wire alone would take.
  double time() const { return seconds_ * rate_ / bytes_; }
  int tried() const { return tried_; }
  const CompressionPolicy& policy() const { return policy_; }

 private:
  CompressionPolicy policy_;
  double rate_ = 0;
  double seconds_ = 0;
  double bytes_ = 0;
  int tried_ = 0;
};

TEST(CompressionPolicy, OffIsOff) {
  Sending sending(CompressionMode::off, 10);
  sending.send(prose_on_a_pc, 1000);
  EXPECT_EQ(sending.tried(), 0);
}

TEST(CompressionPolicy, Lz4TriesEveryBlockWhateverTheLink) {
  CompressionPolicy unknown(CompressionMode::lz4);
  EXPECT_EQ(unknown.next(), Effort::fast);
  for (const double mbit : {10.0, 100.0, 100'000.0}) {
    Sending sending(CompressionMode::lz4, mbit);
    sending.send(noise_on_a_pc, 100);
    sending.send(prose_on_a_pc, 100);
    EXPECT_EQ(sending.tried(), 200);
  }
}

TEST(CompressionPolicy, NothingIsTriedBeforeTheLinkIsKnown) {
  CompressionPolicy policy(CompressionMode::automatic);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(policy.next());
    policy.on_plain(block);
  }
  policy.on_link_rate(12 * megabyte);
  EXPECT_EQ(policy.next(), Effort::fast);
}

TEST(CompressionPolicy, ProseOnSlowLinksMovesAtTwiceTheRateOfTheWire) {
  for (const double mbit : {10.0, 100.0}) {
    Sending sending(CompressionMode::automatic, mbit);
    sending.send(prose_on_a_pc, 640);
    EXPECT_EQ(sending.policy().settled(), Effort::thorough) << mbit;
    EXPECT_LT(sending.time(), 0.4) << mbit;
  }
}

TEST(CompressionPolicy, GigabitHasNoTimeForThoroughCompression) {
  Sending sending(CompressionMode::automatic, 1000);
  sending.send(prose_on_a_pc, 640);
  EXPECT_EQ(sending.policy().settled(), Effort::fast);
  EXPECT_LT(sending.time(), 0.53);
}

TEST(CompressionPolicy, SlowBoardDoesWhatItHasTimeFor) {
  Sending slow(CompressionMode::automatic, 10);
  slow.send(prose_on_a_slow_board, 640);
  EXPECT_EQ(slow.policy().settled(), Effort::thorough);
  Sending middle(CompressionMode::automatic, 100);
  middle.send(prose_on_a_slow_board, 2000);
  EXPECT_EQ(middle.policy().settled(), Effort::fast);
  EXPECT_LT(middle.time(), 0.53) << "tries of thorough compression become rare";
  Sending fast(CompressionMode::automatic, 1000);
  fast.send(prose_on_a_slow_board, 640);
  EXPECT_FALSE(fast.policy().settled());
  EXPECT_LT(fast.time(), 1.03);
}

TEST(CompressionPolicy, FastLinksAreLeftAlone) {
  for (const double mbit : {2'500.0, 8'000.0, 40'000.0}) {
    Sending sending(CompressionMode::automatic, mbit);
    sending.send(prose_on_a_pc, 20'000);
    EXPECT_FALSE(sending.policy().settled());
    EXPECT_LT(sending.time(), 1.01) << mbit;
  }
}

TEST(CompressionPolicy, NoiseCostsNextToNothing) {
  for (const double mbit : {10.0, 100.0, 1000.0, 20'000.0}) {
    for (const Nature& nature : {noise_on_a_pc, noise_on_a_slow_board}) {
      Sending sending(CompressionMode::automatic, mbit);
      sending.send(nature, 20'000);
      EXPECT_GT(sending.tried(), 0);
      EXPECT_LT(sending.time(), 1.01) << mbit;
    }
  }
}

TEST(CompressionPolicy, FollowsTheData) {
  Sending sending(CompressionMode::automatic, 100);
  sending.send(noise_on_a_pc, 1000);
  EXPECT_FALSE(sending.policy().settled());
  sending.send(prose_on_a_pc, 100);
  EXPECT_TRUE(sending.policy().settled());
  sending.send(noise_on_a_pc, 40);
  EXPECT_FALSE(sending.policy().settled());
  sending.send(prose_on_a_pc, 100);
  EXPECT_TRUE(sending.policy().settled());
}

TEST(CompressionPolicy, FollowsTheLink) {
  Sending sending(CompressionMode::automatic, 100);
  sending.send(prose_on_a_pc, 100);
  EXPECT_EQ(sending.policy().settled(), Effort::thorough);
  sending.set_rate(1000);
  EXPECT_EQ(sending.policy().settled(), Effort::fast);
  sending.set_rate(10'000);
  EXPECT_FALSE(sending.policy().settled());
  sending.set_rate(10);
  sending.send(prose_on_a_pc, 1000);
  EXPECT_EQ(sending.policy().settled(), Effort::thorough);
}

TEST(CompressionPolicy, GainsThatScatterAroundTheBoundDoNotSwitchBackAndForth) {
  Sending sending(CompressionMode::automatic, 100);
  int switches = 0;
  bool before = false;
  for (int i = 0; i < 4000; ++i) {
    const double share = i % 2 == 0 ? 0.91 : 0.94;
    sending.send({share, 450 * megabyte, share, 70 * megabyte}, 1);
    const bool settled = sending.policy().settled().has_value();
    switches += settled != before;
    before = settled;
  }
  EXPECT_LE(switches, 1);
}

TEST(CompressionPolicy, OneInterruptedBlockDecidesNothing) {
  Sending sending(CompressionMode::automatic, 100);
  sending.send(prose_on_a_pc, 100);
  Nature interrupted = prose_on_a_pc;
  interrupted.bytes_per_second = interrupted.thorough_bytes_per_second = 0.5 * megabyte;
  sending.send(interrupted, 1);
  EXPECT_TRUE(sending.policy().settled());
}

TEST(LinkRate, IsTheMedianOfTheNewest) {
  using std::chrono::milliseconds;
  LinkRate rate;
  LinkRate::TimePoint now{};
  EXPECT_TRUE(rate.due(now));
  for (const double measured : {100.0, 900.0}) {
    rate.add(now, measured);
    EXPECT_FALSE(rate.due(now));
    EXPECT_FALSE(rate.value());
    now += milliseconds(1);
    EXPECT_TRUE(rate.due(now));
  }
  rate.add(now, 101);
  EXPECT_EQ(rate.value(), 101);
  for (int i = 0; i < 7; ++i) rate.add(now, 12 + i);
  EXPECT_EQ(rate.value(), 15);
  EXPECT_FALSE(rate.due(now + milliseconds(2))) << "less often once the link is known";
  EXPECT_TRUE(rate.due(now + milliseconds(100)));
}

}  // namespace
}  // namespace prun::transport
