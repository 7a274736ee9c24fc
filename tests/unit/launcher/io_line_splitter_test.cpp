#include "launcher/io/line_splitter.hpp"

#include <gtest/gtest.h>

namespace prun::io {
namespace {

TEST(LineSplitter, KeepsTheUnfinishedLine) {
  LineSplitter splitter;
  EXPECT_EQ(splitter.feed("one\ntwo\nthr"), "one\ntwo\n");
  EXPECT_FALSE(splitter.empty());
  EXPECT_EQ(splitter.feed("ee"), "");
  EXPECT_EQ(splitter.feed("\n"), "three\n");
  EXPECT_TRUE(splitter.empty());
}

TEST(LineSplitter, ByteByByteGivesTheSame) {
  LineSplitter splitter;
  std::string all;
  for (const char c : std::string("one\n\ntwo")) {
    const std::string block = splitter.feed(std::string_view(&c, 1));
    EXPECT_TRUE(block.empty() || block.back() == '\n');
    all += block;
  }
  EXPECT_EQ(all, "one\n\n");
  EXPECT_EQ(splitter.take_rest(), "two");
  EXPECT_EQ(splitter.take_rest(), "");
}

TEST(LineSplitter, LongLineLeavesOnceItIsBeyondTheLimit) {
  LineSplitter splitter(4);
  EXPECT_EQ(splitter.feed("abcd"), "");
  EXPECT_EQ(splitter.feed("e"), "abcde");
  EXPECT_TRUE(splitter.empty());
}

TEST(LineSplitter, LineOfTheLimitsLengthIsWhole) {
  LineSplitter splitter(4);
  EXPECT_EQ(splitter.feed("abcd"), "");
  EXPECT_EQ(splitter.feed("\nx"), "abcd\n");
}

TEST(LineSplitter, PassesOnWhatFollowsAnOpenLine) {
  LineSplitter splitter;
  EXPECT_EQ(splitter.feed("more", true), "more");
  EXPECT_EQ(splitter.feed("end\nnext", true), "end\n");
  EXPECT_EQ(splitter.take_rest(), "next");
}

TEST(LineSplitter, NeverHoldsMoreThanTheLimit) {
  LineSplitter splitter;
  std::string all;
  const std::string piece(10000, 'x');
  for (int i = 0; i < 100; ++i) all += splitter.feed(piece);
  const std::string rest = splitter.take_rest();
  EXPECT_LE(rest.size(), max_kept_line_bytes);
  EXPECT_EQ(all.size() + rest.size(), 1000000u);
}

TEST(LineSplitter, ZeroBytesAreBytes) {
  LineSplitter splitter;
  EXPECT_EQ(splitter.feed(std::string_view("a\0b\n", 4)), std::string("a\0b\n", 4));
}

}  // namespace
}  // namespace prun::io
