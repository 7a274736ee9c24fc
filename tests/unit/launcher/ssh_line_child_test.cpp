#include "launcher/ssh/line_child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <string>
#include <vector>

namespace prun::ssh {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Told {
  std::vector<std::string> lines;
  LineChildEnd end;
  int ends = 0;
};

Told run(const std::string& script, std::chrono::milliseconds limit = 20s,
         const std::string& input = {}) {
  asio::io_context io(1);
  LineChild child(io);
  Told told;
  child.start(
      {"sh", "-c", script}, limit,
      [&](std::string_view line) {
        told.lines.emplace_back(line);
        if (line == "more?") child.send("yes\n");
      },
      [&](const LineChildEnd& end) {
        told.end = end;
        ++told.ends;
      });
  child.send(input);
  if (input.empty() && script.find("read") == std::string::npos) child.close_input();
  io.run();
  return told;
}

TEST(LineChild, TellsLinesAndTheEnd) {
  const Told told = run("echo one; printf 'two\\n\\nthree'; echo oops >&2; exit 3");
  EXPECT_THAT(told.lines, ElementsAre("one", "two", "", "three"));
  EXPECT_EQ(told.ends, 1);
  EXPECT_EQ(WEXITSTATUS(told.end.wait_status), 3);
  EXPECT_EQ(told.end.words, "oops\n");
  EXPECT_FALSE(told.end.overdue);
}

TEST(LineChild, CanBeAsked) {
  EXPECT_THAT(run("echo more?; read answer; echo \"$answer\"").lines, ElementsAre("more?", "yes"));
}

TEST(LineChild, IsKilledWhenItsTimeIsOver) {
  const Told told = run("echo begun; exec sleep 100", 200ms);
  EXPECT_THAT(told.lines, ElementsAre("begun"));
  EXPECT_TRUE(told.end.overdue);
  EXPECT_TRUE(WIFSIGNALED(told.end.wait_status));
}

TEST(LineChild, DoesNotWaitForWhatItLeavesBehind) {
  // In a session of its own, so that the kill of the group does not reach it.
  const Told told = run("setsid sleep 1 & echo done");
  EXPECT_THAT(told.lines, ElementsAre("done"));
  EXPECT_EQ(told.end.wait_status, 0);
}

TEST(LineChild, BoundsALineAndItsWords) {
  const Told told = run("head -c 100000 /dev/zero | tr '\\0' x; head -c 1000000 /dev/zero >&2");
  for (const auto& line : told.lines) EXPECT_LT(line.size(), 64u * 1024);
  EXPECT_LT(told.end.words.size(), 128u * 1024);
  EXPECT_EQ(told.ends, 1);
}

TEST(LineChild, ThatCannotBeStartedSaysWhy) {
  asio::io_context io(1);
  LineChild child(io);
  LineChildEnd end;
  child.start(
      {"no-such-program"}, 1s, [](std::string_view) {},
      [&](const LineChildEnd& one) { end = one; });
  io.run();
  EXPECT_THAT(end.not_started, HasSubstr("no-such-program is not installed here"));
}

}  // namespace
}  // namespace prun::ssh
