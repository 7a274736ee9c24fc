#include "launcher/io/labeler.hpp"

#include <gtest/gtest.h>

namespace prun::io {
namespace {

TEST(Labeler, LabelsEveryLineThatBegins) {
  EXPECT_EQ(label_lines("a\nb\n", "[0@x] ", true), "[0@x] a\n[0@x] b\n");
  EXPECT_EQ(label_lines("a\nb", "[0@x] ", false), "a\n[0@x] b");
  EXPECT_EQ(label_lines("\n\n", "> ", true), "> \n> \n");
  EXPECT_EQ(label_lines("", "> ", true), "");
}

TEST(Labeler, WithoutLabelNothingChanges) {
  EXPECT_EQ(label_lines("a\nb", "", true), "a\nb");
}

}  // namespace
}  // namespace prun::io
