#include "launcher/ssh/fan_out.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace prun::ssh {
namespace {

using ::testing::ElementsAre;

class FanOutTest : public ::testing::Test {
 protected:
  void enter(FanOut& fan_out, int number) {
    fan_out.enter([this, number] { begun_.push_back(number); });
  }
  std::vector<int> begun_;
};

TEST_F(FanOutTest, BeginsAsManyAsTheWindowHolds) {
  FanOut fan_out(2);
  for (int i = 0; i < 5; ++i) enter(fan_out, i);
  EXPECT_THAT(begun_, ElementsAre(0, 1));
  EXPECT_EQ(fan_out.waiting(), 3u);
  fan_out.leave();
  EXPECT_THAT(begun_, ElementsAre(0, 1, 2));
  fan_out.leave();
  fan_out.leave();
  EXPECT_THAT(begun_, ElementsAre(0, 1, 2, 3, 4));
  fan_out.leave();
  fan_out.leave();
  enter(fan_out, 5);
  enter(fan_out, 6);
  enter(fan_out, 7);
  EXPECT_THAT(begun_, ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST_F(FanOutTest, AWindowOfNothingLetsOneThrough) {
  FanOut fan_out(0);
  enter(fan_out, 1);
  enter(fan_out, 2);
  EXPECT_THAT(begun_, ElementsAre(1));
}

TEST_F(FanOutTest, CancelledOnesNeverBegin) {
  FanOut fan_out(1);
  enter(fan_out, 1);
  enter(fan_out, 2);
  fan_out.cancel();
  fan_out.leave();
  EXPECT_THAT(begun_, ElementsAre(1));
}

}  // namespace
}  // namespace prun::ssh
