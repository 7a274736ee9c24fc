#include "runtime/core/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace prun::core {
namespace {

// The environment is the process's: each test starts without the variables it is about.
class ConfigTest : public testing::Test {
 protected:
  void SetUp() override { forget(); }
  void TearDown() override { forget(); }

  void set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }

  // The failure that the value of a variable gives.
  std::string complaint(const std::string& name, const std::string& value) {
    set(name, value);
    const auto config = Config::from_environment();
    ::unsetenv(name.c_str());
    if (config.ok()) return "was accepted";
    EXPECT_EQ(config.failure().code, Errc::invalid_argument);
    return config.failure().text;
  }

 private:
  static void forget() {
    for (const char* name :
         {"PRUN_FD", "PRUN_SPIN_US", "PRUN_EAGER_BYTES", "PRUN_UNEXPECTED_BYTES", "PRUN_SHM",
          "PRUN_PACING", "PRUN_COLL_BCAST", "PRUN_COLL_REDUCE_SCATTER", "OMPI_COMM_WORLD_SIZE",
          "PMI_SIZE", "PMIX_RANK", "PRUN_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS",
          "SLURM_PROCID"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(ConfigTest, NothingSetNothingSaid) {
  const auto config = Config::from_environment();
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config.value().agent_descriptor);
  EXPECT_FALSE(config.value().spin);
  EXPECT_FALSE(config.value().eager_bytes);
  EXPECT_FALSE(config.value().unexpected_bytes);
  EXPECT_TRUE(config.value().algorithms.empty());
}

TEST_F(ConfigTest, WaysToShareMemory) {
  EXPECT_TRUE(Config::from_environment().value().single_copy);
  for (const char* way : {"on", "off", "copy"}) {
    set("PRUN_SHM", way);
    const auto config = Config::from_environment();
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config.value().single_copy, std::string(way) != "copy");
  }
  EXPECT_EQ(complaint("PRUN_SHM", "no"),
            "the environment variable PRUN_SHM='no' must be on, copy or off");
}

TEST_F(ConfigTest, PacingCanBeSwitchedOff) {
  EXPECT_TRUE(Config::from_environment().value().pacing);
  for (const char* wish : {"on", "off"}) {
    set("PRUN_PACING", wish);
    const auto config = Config::from_environment();
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config.value().pacing, std::string(wish) == "on");
  }
  EXPECT_EQ(complaint("PRUN_PACING", "no"),
            "the environment variable PRUN_PACING='no' must be on or off");
}

TEST_F(ConfigTest, EachVariableIsRead) {
  set("PRUN_FD", "7");
  set("PRUN_SPIN_US", "0");
  set("PRUN_EAGER_BYTES", "1048576");
  set("PRUN_UNEXPECTED_BYTES", "123456789");
  set("PRUN_COLL_BCAST", "chain");
  set("PRUN_COLL_REDUCE_SCATTER", "ring=2");
  const auto config = Config::from_environment();
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config.value().agent_descriptor, 7);
  EXPECT_EQ(config.value().spin, std::chrono::microseconds(0));
  EXPECT_EQ(config.value().eager_bytes, 1048576u);
  EXPECT_EQ(config.value().unexpected_bytes, 123456789u);
  EXPECT_EQ(config.value().algorithms,
            (std::map<std::string, std::string>{{"bcast", "chain"}, {"reduce_scatter", "ring=2"}}));
}

TEST_F(ConfigTest, DescriptorIsTakenOutOfTheEnvironmentOfChildren) {
  set("PRUN_FD", "7");
  ASSERT_TRUE(Config::from_environment().ok());
  EXPECT_EQ(std::getenv("PRUN_FD"), nullptr);
  const auto again = Config::from_environment();
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again.value().agent_descriptor);
}

TEST_F(ConfigTest, EmptyIsAsIfNotSet) {
  set("PRUN_SPIN_US", "");
  const auto config = Config::from_environment();
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config.value().spin);
}

TEST_F(ConfigTest, BadValueIsNamedWithItsVariableAndItsRange) {
  for (const std::string bad :
       {"x", "1x", " 1", "-1", "+1", "1.5", "0x10", "1000001", "99999999999999999999999999"}) {
    EXPECT_EQ(complaint("PRUN_SPIN_US", bad), "the environment variable PRUN_SPIN_US='" + bad +
                                                  "' must be a whole number from 0 to 1000000");
  }
  EXPECT_EQ(complaint("PRUN_EAGER_BYTES", "1048577"),
            "the environment variable PRUN_EAGER_BYTES='1048577' must be a whole number from 0 to "
            "1048576");
  EXPECT_EQ(complaint("PRUN_FD", "2147483648"),
            "the environment variable PRUN_FD='2147483648' must be a whole number from 0 to "
            "2147483647");
  EXPECT_EQ(
      complaint("PRUN_UNEXPECTED_BYTES", "64M"),
      "the environment variable PRUN_UNEXPECTED_BYTES='64M' must be a whole number from 0 to " +
          std::to_string(std::numeric_limits<std::size_t>::max()));
}

TEST_F(ConfigTest, LargestValuesAreAccepted) {
  set("PRUN_SPIN_US", "1000000");
  set("PRUN_FD", "2147483647");
  set("PRUN_UNEXPECTED_BYTES", std::to_string(std::numeric_limits<std::size_t>::max()));
  const auto config = Config::from_environment();
  ASSERT_TRUE(config.ok()) << config.failure().text;
  EXPECT_EQ(config.value().unexpected_bytes, std::numeric_limits<std::size_t>::max());
}

TEST_F(ConfigTest, LauncherOfAnMpiIsRecognisedWhenThereAreSeveralRanks) {
  EXPECT_EQ(foreign_launcher(), std::nullopt);
  set("OMPI_COMM_WORLD_SIZE", "1");
  set("PMI_SIZE", "1");
  set("PMIX_RANK", "0");
  EXPECT_EQ(foreign_launcher(), std::nullopt) << "alone it makes no difference";
  set("PMIX_RANK", "1");
  EXPECT_THAT(foreign_launcher().value_or(""), testing::HasSubstr("the prun of PRRTE"));
  set("PMI_SIZE", "2");
  EXPECT_EQ(foreign_launcher(), "mpiexec of MPICH");
  set("OMPI_COMM_WORLD_SIZE", "4");
  EXPECT_EQ(foreign_launcher(), "mpirun of Open MPI");
  set("OMPI_COMM_WORLD_SIZE", "rubbish");
  set("PRUN_RANK", "0");
  EXPECT_EQ(foreign_launcher(), std::nullopt) << "a child of a rank of ours";
  ::unsetenv("PRUN_RANK");
  set("PMI_SIZE", "");
  ::unsetenv("PMIX_RANK");
  set("SLURM_NTASKS", "4");
  set("SLURM_PROCID", "1");
  EXPECT_EQ(foreign_launcher(), std::nullopt) << "a plain program of a batch job";
}

TEST_F(ConfigTest, RankZeroOfPmixIsOneOfSeveralUnlessSomebodySaysItIsAlone) {
  set("PMIX_RANK", "0");
  EXPECT_THAT(foreign_launcher().value_or(""), testing::HasSubstr("PMIx"));
  set("SLURM_STEP_NUM_TASKS", "1");
  EXPECT_EQ(foreign_launcher(), std::nullopt);
  set("PMIX_RANK", "1");
  EXPECT_THAT(foreign_launcher().value_or(""), testing::HasSubstr("PMIx"));
}

}  // namespace
}  // namespace prun::core
