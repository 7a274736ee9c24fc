#include "examples/videowall/synced_player.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>

#include "examples/videowall/null_player.hpp"
#include "examples/videowall/sync_controller.hpp"

namespace wall {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(VideowallController, SpeedStaysWithinItsLimits) {
  for (const double error : {-100.0, -0.9, -0.02, 0.0, 0.02, 0.9, 100.0}) {
    SyncController controller;
    const auto decision = controller.decide(Seconds(error));
    EXPECT_LE(std::abs(decision.speed - 1), SyncController::speed_limit + 1e-12);
    EXPECT_EQ(decision.jump, std::abs(error) > 1) << error;
    EXPECT_EQ(decision.speed<1, error> 0) << error;
  }
}

TEST(VideowallController, OneLateWordDoesNotCount) {
  SyncController controller;
  for (int i = 0; i < 5; ++i) controller.decide(Seconds(0.001));
  EXPECT_NEAR(controller.decide(Seconds(-1.5)).speed, 0.999, 1e-9);
  EXPECT_FALSE(controller.decide(Seconds(-1.5)).jump);
  EXPECT_TRUE(controller.decide(Seconds(-1.5)).jump) << "three of five are no accident";
  controller.reset();
  EXPECT_FALSE(controller.error());
}

// A wall of one screen in time that is made up.
class VideowallSync : public testing::Test {
 protected:
  Time now_{seconds(100)};
  int made_ = 0;
  NullSettings settings_;

  SyncedPlayer make(const NullSettings& first, std::uint64_t rounds = 1, bool endless = false) {
    settings_ = first;
    Reel reel{{{"film", Seconds(60)}}, rounds, endless};
    const auto read = [this] { return now_; };
    SyncedPlayer player(
        [this, read] {
          ++made_;
          return std::make_unique<NullPlayer>(settings_, read);
        },
        read, reel, View{});
    player.open();
    return player;
  }
  void run(SyncedPlayer& player, Seconds length) {
    const Time end = now_ + duration_cast<prun::Clock::duration>(length);
    for (; now_ < end; now_ += milliseconds(50)) player.step();
  }
  static double error_ms(SyncedPlayer& player) {
    const auto error = player.state().error;
    return error ? error->count() * 1e3 : std::nan("");
  }
};

TEST_F(VideowallSync, StartsAtTheInstantAndHoldsADriftingPlayer) {
  NullSettings drifting;
  drifting.drift = 300e-6;
  drifting.late = Seconds(0.08);
  SyncedPlayer player = make(drifting);
  player.follow(make_cue(1, now_ + seconds(1), Seconds(0), true));
  run(player, Seconds(0.9));
  EXPECT_FALSE(player.state().error) << "it is not time yet";
  run(player, Seconds(0.5));
  EXPECT_LT(error_ms(player), -50) << "it began too late";
  EXPECT_GT(player.state().speed, 1.02);
  run(player, Seconds(8));
  for (int i = 0; i < 100; ++i) {
    run(player, Seconds(0.2));
    ASSERT_LT(std::abs(error_ms(player)), 1);
  }
  EXPECT_EQ(made_, 1);
}

TEST_F(VideowallSync, NeverJumpsBelowASecond) {
  NullSettings late;
  late.late = Seconds(0.95);
  SyncedPlayer player = make(late);
  player.follow(make_cue(1, now_, Seconds(0), true));
  run(player, Seconds(2));
  const double before = error_ms(player);
  run(player, Seconds(1));
  EXPECT_NEAR(error_ms(player) - before, 30, 5) << "three percent faster, and no jump";
}

TEST_F(VideowallSync, ADeadPlayerIsReplacedAndJoinsInStep) {
  NullSettings mortal;
  mortal.dies_after = Seconds(5);
  SyncedPlayer player = make(mortal);
  player.follow(make_cue(1, now_ + seconds(1), Seconds(0), true));
  run(player, Seconds(5));
  EXPECT_EQ(made_, 1);
  settings_.dies_after = {};
  run(player, Seconds(3));
  EXPECT_EQ(made_, 2);
  EXPECT_EQ(player.state().replaced, 1U);
  EXPECT_LT(std::abs(error_ms(player)), 5);
  EXPECT_NEAR(player.state().position.count(), 7, 0.1);
}

TEST_F(VideowallSync, APlayerThatDiesAgainAndAgainIsGivenUp) {
  NullSettings mortal;
  mortal.dies_after = Seconds(1);
  SyncedPlayer player = make(mortal);
  player.follow(make_cue(1, now_, Seconds(0), true));
  EXPECT_THROW(run(player, Seconds(40)), PlayerError);
  EXPECT_EQ(made_, 6);
}

// Plays and says nothing of it.
class Silent : public NullPlayer {
 public:
  using NullPlayer::NullPlayer;
  std::optional<Observation> observe() override { return std::nullopt; }
};

TEST_F(VideowallSync, APlayerThatHangsIsReplaced) {
  const auto read = [this] { return now_; };
  SyncedPlayer player(
      [this, read]() -> std::unique_ptr<Player> {
        if (++made_ == 1) return std::make_unique<Silent>(NullSettings{}, read);
        return std::make_unique<NullPlayer>(NullSettings{}, read);
      },
      read, Reel{{{"film", Seconds(60)}}, 1, false}, View{});
  player.open();
  player.follow(make_cue(1, now_, Seconds(0), true));
  run(player, Seconds(3));
  EXPECT_EQ(made_, 1);
  run(player, Seconds(3));
  EXPECT_EQ(made_, 2);
  EXPECT_LT(std::abs(error_ms(player)), 5);
}

TEST_F(VideowallSync, PausesAtThePictureAndGoesOn) {
  SyncedPlayer player = make({});
  player.follow(make_cue(1, now_, Seconds(0), true));
  run(player, Seconds(3));
  player.follow(make_cue(2, now_ + seconds(1), Seconds(5), false));
  run(player, Seconds(2));
  EXPECT_FALSE(player.state().playing);
  EXPECT_DOUBLE_EQ(player.state().position.count(), 5);
  player.follow(make_cue(3, now_ + seconds(1), Seconds(5), true));
  run(player, Seconds(4));
  EXPECT_NEAR(player.state().position.count(), 8, 0.1);
  EXPECT_LT(std::abs(error_ms(player)), 5);
  // Elsewhere, without a stop at the old place.
  player.follow(make_cue(4, now_ + seconds(1), Seconds(40), true));
  run(player, Seconds(2));
  EXPECT_NEAR(player.state().position.count(), 41, 0.1);
  EXPECT_LT(std::abs(error_ms(player)), 5);
}

TEST_F(VideowallSync, AnEndlessReelGoesOnBehindItsEnd) {
  SyncedPlayer player = make({}, 1, true);
  player.follow(make_cue(1, now_, Seconds(58), true));
  for (int i = 0; i < 100; ++i) {
    run(player, Seconds(0.1));
    const auto error = player.state().error;
    ASSERT_LT(std::abs(error.value_or(Seconds{}).count()), 0.005);
  }
  EXPECT_NEAR(player.state().position.count(), 68, 0.3);
}

TEST_F(VideowallSync, TheEndIsNoHang) {
  SyncedPlayer player = make({});
  player.follow(make_cue(1, now_, Seconds(55), true));
  run(player, Seconds(20));
  EXPECT_EQ(made_, 1);
}

TEST(VideowallNull, Settings) {
  EXPECT_DOUBLE_EQ(parse_null_player("null").drift, 0);
  const NullSettings settings = parse_null_player("null:length=2.5,drift=-200,late=30,dies=4");
  EXPECT_DOUBLE_EQ(settings.length.count(), 2.5);
  EXPECT_DOUBLE_EQ(settings.drift, -200e-6);
  EXPECT_DOUBLE_EQ(settings.late.count(), 0.03);
  EXPECT_DOUBLE_EQ(settings.dies_after.count(), 4);
  for (const char* bad :
       {"null:drift", "null:drift=", "null:length=0", "null:speed=1", "null:drift=x"}) {
    EXPECT_THROW(parse_null_player(bad), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace wall
