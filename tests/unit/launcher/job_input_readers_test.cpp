#include "launcher/job/input_readers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prun::job {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;

auto Progress(std::size_t by_one, std::size_t by_all) {
  return FieldsAre(by_one, by_all);
}

TEST(InputReaders, ASingleOneDecidesAlone) {
  InputReaders readers({3});
  EXPECT_THAT(readers.took(3, 10), Progress(10, 10));
  EXPECT_THAT(readers.took(3, 5), Progress(5, 5));
  EXPECT_THAT(readers.took(1, 5), Progress(0, 0));
  EXPECT_THAT(readers.left(3), Progress(0, 0));
  EXPECT_TRUE(readers.empty());
}

TEST(InputReaders, TheFastestAndTheSlowestDecide) {
  InputReaders readers({0, 1, 2});
  EXPECT_THAT(readers.took(0, 10), Progress(10, 0));
  EXPECT_THAT(readers.took(1, 4), Progress(0, 0));
  EXPECT_THAT(readers.took(2, 7), Progress(0, 4));
  EXPECT_THAT(readers.took(1, 8), Progress(2, 3));
}

TEST(InputReaders, WhatIsOnItsWay) {
  InputReaders readers({0, 1});
  EXPECT_TRUE(readers.has_taken_all(0));
  readers.given(10);
  readers.took(0, 10);
  readers.took(1, 9);
  EXPECT_TRUE(readers.has_taken_all(0));
  EXPECT_FALSE(readers.has_taken_all(1));
  EXPECT_FALSE(readers.has_taken_all(2));
}

TEST(InputReaders, WhoLeavesHoldsNobodyUp) {
  InputReaders readers({0, 1, 2});
  readers.took(0, 10);
  readers.took(2, 6);
  EXPECT_THAT(readers.left(1), Progress(0, 6));
  EXPECT_THAT(readers.ranks(), ElementsAre(0u, 2u));
  EXPECT_THAT(readers.left(1), Progress(0, 0));
  EXPECT_THAT(readers.left(0), Progress(0, 0));
  EXPECT_THAT(readers.took(2, 5), Progress(1, 5));
}

TEST(InputReaders, MayBeNobody) {
  EXPECT_TRUE(InputReaders().empty());
}

}  // namespace
}  // namespace prun::job
