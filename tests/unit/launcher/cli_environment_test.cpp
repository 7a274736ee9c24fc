#include "launcher/cli/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace prun::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

using List = std::vector<std::string>;

TEST(Environment, OwnHoldsWhatWasSet) {
  ASSERT_EQ(setenv("PRUN_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_THAT(own_environment(), Contains("PRUN_TEST_VARIABLE=a=b"));
  EXPECT_EQ(value_in(own_environment(), "PRUN_TEST_VARIABLE"), "a=b");
  unsetenv("PRUN_TEST_VARIABLE");
}

TEST(Environment, LastValueCounts) {
  EXPECT_EQ(value_in({"A=1", "AB=2", "A=3"}, "A"), "3");
  EXPECT_EQ(value_in({"A="}, "A"), "");
  EXPECT_EQ(value_in({"AB=2"}, "A"), std::nullopt);
  EXPECT_EQ(value_in({}, "A"), std::nullopt);
}

TEST(Environment, ResolvesNamesAndValues) {
  EXPECT_EQ(resolve_variable("A=1", {}).value(), "A=1");
  EXPECT_EQ(resolve_variable("A=", {}).value(), "A=");
  EXPECT_EQ(resolve_variable("A", {"A=here"}).value(), "A=here");
  EXPECT_EQ(resolve_variable("A", {"B=1"}).failure().text,
            "the variable A is not set here, so it cannot be passed on; write A=VALUE, or set and "
            "export it first");
  EXPECT_THAT(resolve_variable("=1", {}).failure().text,
              HasSubstr("'' is not the name of a variable"));
  EXPECT_THAT(resolve_variable("A,B", {}).failure().text,
              HasSubstr("'A,B' is not the name of a variable"));
  EXPECT_THAT(resolve_variable("2A=1", {}).failure().text,
              HasSubstr("'2A' is not the name of a variable"));
}

TEST(Environment, LocalRanksGetEverything) {
  EXPECT_THAT(
      rank_environment({"HOME=/home/pi", "PATH=/bin", "DISPLAY=:0", "A=1"}, {}, RankSite::here),
      ElementsAre("HOME=/home/pi", "PATH=/bin", "DISPLAY=:0", "A=1", "PYTHONUNBUFFERED=1"));
}

TEST(Environment, RemoteRanksGetTheUsersVariablesOnly) {
  const List own{"HOME=/home/pi",
                 "USER=pi",
                 "LOGNAME=pi",
                 "HOSTNAME=rpi1",
                 "PWD=/x",
                 "OLDPWD=/y",
                 "SHELL=sh",
                 "SSH_CONNECTION=1",
                 "SSH_AUTH_SOCK=/s",
                 "XDG_RUNTIME_DIR=/r",
                 "DBUS_X=1",
                 "DISPLAY=:0",
                 "WAYLAND_DISPLAY=w",
                 "TERM=xterm",
                 "PATH=/bin",
                 "TMPDIR=/t",
                 "LD_PRELOAD=l",
                 "_=/bin/prun",
                 "BASH_FUNC_f%%=() { :;}",
                 "LANG=de_DE.UTF-8",
                 "OMP_NUM_THREADS=2",
                 "PYTHONPATH=/p",
                 "SSHX=1",
                 "HOMEDIR=1"};
  EXPECT_THAT(rank_environment(own, {}, RankSite::other_machine),
              UnorderedElementsAre("LANG=de_DE.UTF-8", "OMP_NUM_THREADS=2", "PYTHONPATH=/p",
                                   "SSHX=1", "HOMEDIR=1", "PYTHONUNBUFFERED=1"));
}

TEST(Environment, LibraryPathGoesToTheSameMachineTypeOnly) {
  EXPECT_TRUE(is_forwarded("LD_LIBRARY_PATH", RankSite::here));
  EXPECT_TRUE(is_forwarded("LD_LIBRARY_PATH", RankSite::same_machine));
  EXPECT_FALSE(is_forwarded("LD_LIBRARY_PATH", RankSite::other_machine));
}

TEST(Environment, GivenVariablesAlwaysGoAndWin) {
  const auto result = rank_environment(
      {"A=1", "DISPLAY=:9"}, {"DISPLAY=:0", "A=2", "A=3", "PATH=/opt/bin"}, RankSite::same_machine);
  EXPECT_THAT(result,
              UnorderedElementsAre("A=3", "DISPLAY=:0", "PATH=/opt/bin", "PYTHONUNBUFFERED=1"));
}

TEST(Environment, PythonSettingOfTheUserStays) {
  EXPECT_THAT(rank_environment({"PYTHONUNBUFFERED="}, {}, RankSite::same_machine),
              ElementsAre("PYTHONUNBUFFERED="));
  EXPECT_THAT(rank_environment({}, {"PYTHONUNBUFFERED=0"}, RankSite::here),
              ElementsAre("PYTHONUNBUFFERED=0"));
}

TEST(Environment, OddEntriesAreLeftOut) {
  EXPECT_THAT(rank_environment({"=x", "novalue", "A=1"}, {}, RankSite::here),
              ElementsAre("A=1", "PYTHONUNBUFFERED=1"));
}

}  // namespace
}  // namespace prun::cli
