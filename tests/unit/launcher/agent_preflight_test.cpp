#include "launcher/agent/preflight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "launcher/agent/rank_environment.hpp"
#include "launcher/system/elf.hpp"
#include "launcher/system/spawn.hpp"

namespace prun::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Preflight : public ::testing::Test {
 protected:
  Preflight() {
    std::string name = (std::filesystem::temp_directory_path() / "prun-preflight-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Preflight() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0755) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
  }
  Check check(std::vector<std::string> arguments, std::string directory = {}) const {
    bootstrap::Program program;
    program.arguments = std::move(arguments);
    program.directory = directory.empty() ? folder_.string() : std::move(directory);
    return check_program(program, {"PATH=/no/such:/bin:/usr/bin", "HOME=" + folder_.string()});
  }

  std::filesystem::path folder_;
};

TEST_F(Preflight, FindsProgramsOfPath) {
  const auto runnable = std::get<Runnable>(check({"true", "argument"}));
  EXPECT_EQ(runnable.path, "/bin/true");
  EXPECT_THAT(runnable.arguments, ElementsAre("true", "argument"));
  EXPECT_TRUE(runnable.notes.empty());
}

TEST_F(Preflight, FoldersOfTheUserComeBeforePath) {
  const std::string own = write("true", "#!/bin/sh\n");
  bootstrap::Program program;
  program.arguments = {"true"};
  program.search_path = "/no/such/folder:" + folder_.string();
  EXPECT_EQ(std::get<Runnable>(check_program(program, {"PATH=/bin"})).path, own);
  program.search_path = "/no/such/folder";
  EXPECT_EQ(std::get<Runnable>(check_program(program, {"PATH=/bin"})).path, "/bin/true");
}

TEST_F(Preflight, AFolderThatIsMissingIsReplacedByHomeWithANote) {
  const auto runnable = std::get<Runnable>(check({"true"}, "/no/such/folder"));
  EXPECT_EQ(runnable.directory, folder_.string());
  EXPECT_THAT(runnable.notes, ElementsAre(HasSubstr("/no/such/folder is not there")));
}

TEST_F(Preflight, AFolderThatWasAskedForMustBeThere) {
  bootstrap::Program program;
  program.arguments = {"true"};
  program.directory = "/no/such/folder";
  program.directory_required = true;
  const auto check = check_program(program, {"PATH=/bin"});
  EXPECT_EQ(std::get<bootstrap::AgentProblem>(check).exit_status, 125);
}

TEST_F(Preflight, RelativePathsAreSeenFromTheWorkingDirectory) {
  write("program", "#!/bin/sh\n");
  EXPECT_EQ(std::get<Runnable>(check({"./program"})).path, (folder_ / "./program").string());
  EXPECT_EQ(std::get<bootstrap::AgentProblem>(check({"./program"}, "/")).exit_status, 127);
}

TEST_F(Preflight, LooksAreDeceptiveButTheKernelKnows) {
  // Has the head of a program of this processor, and nothing behind it.
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string head(20, '\0');
  self.read(head.data(), 20);
  const auto problem = std::get<bootstrap::AgentProblem>(check({write("truncated", head)}));
  EXPECT_EQ(problem.exit_status, 126);
}

TEST_F(Preflight, MessagesAreOneLine) {
  const auto problem = std::get<bootstrap::AgentProblem>(check({"no\nsuch\rprogram"}));
  EXPECT_EQ(problem.text.find_first_of("\r\n"), std::string::npos);
}

TEST_F(Preflight, ElfTarget) {
  EXPECT_NE(system::elf_target("/proc/self/exe"), "");
  EXPECT_EQ(system::elf_target(write("text", "not an ELF file, whatever it is")), "");
  EXPECT_EQ(system::elf_target("/no/such/file"), "");
}

TEST_F(Preflight, TryingAProgramDoesNotRunIt) {
  const auto flag = folder_ / "flag";
  const auto script = write("script", "#!/bin/sh\ntouch " + flag.string() + "\n");
  EXPECT_EQ(system::try_execute(script), 0);
  EXPECT_FALSE(std::filesystem::exists(flag));
  EXPECT_EQ(system::try_execute((folder_ / "nothing").string()), ENOENT);
  EXPECT_EQ(system::try_execute(write("plain", "#!/bin/sh\n", 0644)), EACCES);
  EXPECT_EQ(system::try_execute(write("text", "echo\n")), ENOEXEC);
}

}  // namespace
}  // namespace prun::agent
