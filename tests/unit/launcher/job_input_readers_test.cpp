#include "launcher/job/input_readers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prun::job {
namespace {

using testing::ElementsAre;

TEST(InputReaders, ASingleOneDecidesAlone) {
  InputReaders readers({3});
  EXPECT_EQ(readers.took(3, 10), 10u);
  EXPECT_EQ(readers.took(3, 5), 5u);
  EXPECT_EQ(readers.took(1, 5), 0u);
  EXPECT_EQ(readers.left(3), 0u);
  EXPECT_TRUE(readers.empty());
}

TEST(InputReaders, TheSlowestDecides) {
  InputReaders readers({0, 1, 2});
  EXPECT_EQ(readers.took(0, 10), 0u);
  EXPECT_EQ(readers.took(1, 4), 0u);
  EXPECT_EQ(readers.took(2, 7), 4u);
  EXPECT_EQ(readers.took(1, 4), 3u);
}

TEST(InputReaders, WhoLeavesHoldsNobodyUp) {
  InputReaders readers({0, 1, 2});
  readers.took(0, 10);
  readers.took(2, 6);
  EXPECT_EQ(readers.left(1), 6u);
  EXPECT_THAT(readers.ranks(), ElementsAre(0u, 2u));
  EXPECT_EQ(readers.left(1), 0u);
}

TEST(InputReaders, MayBeNobody) {
  EXPECT_TRUE(InputReaders().empty());
}

}  // namespace
}  // namespace prun::job
