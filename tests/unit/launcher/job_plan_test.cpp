// What main makes of the options before anything is started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/job/plan_text.hpp"
#include "launcher/job/program_setup.hpp"

namespace prun::job {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

cli::ProgramOptions program(std::vector<std::string> command) {
  cli::ProgramOptions options;
  options.command = std::move(command);
  return options;
}

JobPlan plan() {
  JobPlan result;
  result.options.programs = {program({"./master"}), program({"./worker", "x"})};
  hosts::Host far;
  far.name = "rpi2";
  far.user = "pi";
  far.port = 2222;
  hosts::Host here;
  here.name = "rpi1";
  result.hosts = {{here, true}, {far, false}};
  result.host_of_rank = {0, 1, 1};
  result.program_of_rank = {0, 1, 1};
  result.directory = "/home/pi/work";
  result.environment = {"HOME=/home/pi", "WORK=1", "PLAY=2", "DISPLAY=:0"};
  return result;
}

TEST(PlanText, NamesEveryRankAndTheWayToEveryHost) {
  EXPECT_EQ(plan_text(plan()),
            "3 ranks on 2 hosts\n"
            "  rank  host  program\n"
            "     0  rpi1  ./master\n"
            "     1  rpi2  ./worker x\n"
            "     2  rpi2  ./worker x\n"
            "rpi1: this computer, without ssh\n"
            "rpi2: ssh -p 2222 pi@rpi2\n");
}

TEST(PlanText, TellsOfTheNetworkThatWasAskedFor) {
  JobPlan job = plan();
  job.options.interfaces = hosts::parse_network_wishes("eth1,10.0.0.0/24").value();
  job.options.ports = {5000, 5100};
  EXPECT_THAT(plan_text(job),
              testing::EndsWith("ranks use the network eth1, or 10.0.0.0/24 of each host "
                                "(--show-net tells the address)\n"
                                "ranks listen on ports 5000-5100\n"));
}

TEST(PlanText, NamesTheFilesForEachProcessor) {
  JobPlan job = plan();
  job.options.programs[1].files_by_processor = {{"aarch64", "/bin/sh"}};
  job.options.programs[0].command = {"./no.%a"};
  EXPECT_THAT(plan_text(job), testing::HasSubstr("     2  rpi2  ./worker x\n"
                                                 "./no.%a: no file of it is here\n"
                                                 "./worker: /bin/sh (aarch64)\n"));
}

TEST(ProgramSetup, TheProgramIsTheProcessorsFile) {
  JobPlan job = plan();
  auto options = program({"./worker", "%a"});
  options.files_by_processor = {{"aarch64", "/bin/sh"}};
  const auto on = [&](std::string_view machine) {
    return program_for(options, job, cli::RankSite::other_machine, machine).arguments;
  };
  EXPECT_THAT(on("aarch64"), ElementsAre("/bin/sh", "%a"));
  EXPECT_THAT(on("armv7l"), ElementsAre("./worker", "%a"));
  EXPECT_EQ(missing_for(options, job, "aarch64"), "");
  EXPECT_EQ(missing_for(options, job, "armv7l"),
            "its processor is armv7l; looked for here: ./worker; here is /bin/sh");
  EXPECT_EQ(missing_for(program({"./worker"}), job, "armv7l"), "");
}

TEST(ProgramSetup, FoldersAreSeenFromWherePrunWasStarted) {
  const JobPlan job = plan();
  auto options = program({"./a"});
  EXPECT_EQ(program_for(options, job, cli::RankSite::here).directory, "/home/pi/work");
  EXPECT_FALSE(program_for(options, job, cli::RankSite::here).directory_required);
  options.directory = "../films";
  EXPECT_EQ(program_for(options, job, cli::RankSite::here).directory, "/home/pi/films");
  EXPECT_TRUE(program_for(options, job, cli::RankSite::here).directory_required);
}

TEST(ProgramSetup, NoneOfTheUsersVariablesWhereAskedFor) {
  auto options = program({"./a"});
  options.passed_on.emplace();
  options.environment = {"GIVEN=1"};
  const auto far = program_for(options, plan(), cli::RankSite::same_machine);
  EXPECT_THAT(far.environment, ElementsAre("GIVEN=1", "PYTHONUNBUFFERED=1"));
  const auto here = program_for(options, plan(), cli::RankSite::here);
  EXPECT_THAT(here.environment, Contains("HOME=/home/pi"));
  EXPECT_THAT(here.environment, Not(Contains("WORK=1")));
  EXPECT_THAT(here.unset, ElementsAre("WORK", "PLAY"));
}

TEST(ProgramSetup, OnlyThoseThatAreNamed) {
  auto options = program({"./a"});
  options.passed_on = {"WORK", "DISPLAY", "NOT_SET"};
  EXPECT_THAT(program_for(options, plan(), cli::RankSite::other_machine).environment,
              ElementsAre("WORK=1", "DISPLAY=:0", "PYTHONUNBUFFERED=1"));
  EXPECT_THAT(program_for(options, plan(), cli::RankSite::here).unset, ElementsAre("PLAY"));
}

TEST(ProgramSetup, VariablesTakenAway) {
  auto options = program({"./a"});
  options.unset = {"WORK"};
  const auto set_up = program_for(options, plan(), cli::RankSite::same_machine);
  EXPECT_THAT(set_up.environment, ElementsAre("PLAY=2", "PYTHONUNBUFFERED=1"));
  EXPECT_THAT(set_up.unset, ElementsAre("WORK"));
}

TEST(ProgramSetup, SearchPathAndBinding) {
  JobPlan job = plan();
  auto options = program({"./a"});
  options.search_path = "/opt/bin";
  EXPECT_EQ(program_for(options, job, cli::RankSite::here).search_path, "/opt/bin");
  EXPECT_EQ(program_for(options, job, cli::RankSite::here).binding, bootstrap::Binding::none);
  job.options.bind_to_core = true;
  EXPECT_EQ(program_for(options, job, cli::RankSite::here).binding, bootstrap::Binding::core);
}

}  // namespace
}  // namespace prun::job
