#include "launcher/agent/rank_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/system/environment.hpp"

namespace prun::agent {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

bootstrap::Program program(std::vector<std::string> environment,
                           std::vector<std::string> unset = {}) {
  bootstrap::Program made;
  made.environment = std::move(environment);
  made.unset = std::move(unset);
  return made;
}

TEST(RankEnvironment, ProgramsOverTheAgentsOwn) {
  const auto result = program_environment({"A=1", "AB=2", "C=3"},
                                          program({"A=9", "D=a=b", "nonsense", "=x"}, {"C"}));
  EXPECT_THAT(result, UnorderedElementsAre("A=9", "AB=2", "D=a=b"));
}

TEST(RankEnvironment, OurVariablesCannotBeOverlaid) {
  const auto result = rank_environment({"PRUN_FD=3", "PRUN_RANK=7"}, program({"PRUN_SIZE=1000"}),
                                       {2, 4, 1, "rpi3", 11, 3});
  EXPECT_THAT(result, UnorderedElementsAre("PRUN_RANK=2", "PRUN_SIZE=4", "PRUN_LOCAL_RANK=1",
                                           "PRUN_HOST=rpi3", "PRUN_INCARNATION=3", "PRUN_FD=11"));
}

TEST(RankEnvironment, FindVariable) {
  const std::vector<std::string> environment{"PATHS=x", "PATH=/bin", "EMPTY="};
  EXPECT_STREQ(system::find_variable(environment, "PATH"), "/bin");
  EXPECT_STREQ(system::find_variable(environment, "EMPTY"), "");
  EXPECT_EQ(system::find_variable(environment, "PAT"), nullptr);
}

}  // namespace
}  // namespace prun::agent
