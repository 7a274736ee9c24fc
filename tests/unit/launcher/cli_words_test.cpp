#include "launcher/cli/words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/cli/nearest.hpp"

namespace prun::cli {
namespace {

using testing::ElementsAre;

TEST(Words, SplitAtBlanks) {
  EXPECT_THAT(split_words("  -p 2222\t-i ~/.ssh/key ").value(),
              ElementsAre("-p", "2222", "-i", "~/.ssh/key"));
  EXPECT_TRUE(split_words("").value().empty());
  EXPECT_TRUE(split_words("  ").value().empty());
}

TEST(Words, QuotesKeepTogether) {
  EXPECT_THAT(split_words(R"(-o 'User pi' "a \"b\"" c\ d '' x'y z')").value(),
              ElementsAre("-o", "User pi", "a \"b\"", "c d", "", "xy z"));
  EXPECT_THAT(split_words(R"('a\b')").value(), ElementsAre("a\\b"));
}

TEST(Words, OpenQuoteIsTold) {
  EXPECT_EQ(split_words("-o 'User pi").failure().text,
            "'-o 'User pi': a ' is opened and never closed");
}

TEST(Nearest, FindsSlips) {
  const std::vector<std::string> names{"n", "hostfile", "hosts", "timeout", "start-timeout"};
  EXPECT_EQ(nearest("hostfle", names), "hostfile");
  EXPECT_EQ(nearest("hsots", names), "hosts");
  EXPECT_EQ(nearest("HOSTS", names), "hosts");
  EXPECT_EQ(nearest("timeuot", names), "timeout");
  EXPECT_EQ(nearest("N", names), "n");
  EXPECT_EQ(nearest("mca", names), "");
  EXPECT_EQ(nearest("", names), "");
}

}  // namespace
}  // namespace prun::cli
