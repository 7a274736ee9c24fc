#include "launcher/agent/arrival.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "launcher/agent/process_tree.hpp"
#include "launcher/stage/content_hash.hpp"

namespace prun::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The agent itself, started as a host's shell starts one that has just come.
class Arrival : public ::testing::Test {
 protected:
  Arrival() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(root_ / "place");
    fs::create_directories(root_ / "cache");
    fs::copy_file(PRUN_AGENT, place());
    hash_ = stage::to_hex(stage::hash_file(PRUN_AGENT)->hash);
  }
  ~Arrival() override { fs::remove_all(root_); }

  fs::path place() const { return root_ / "place/prun-agent"; }
  bool kill_keepers_in_time() const;
  std::string start(const std::string& hash, const std::string& target) const {
    const std::string command =
        "true | " + place().string() + " --arrived " + hash + " '" + target + "' | cat";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string output;
    std::array<char, 256> buffer{};
    std::size_t got = 0;
    while (pipe && (got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0)
      output.append(buffer.data(), got);
    return output;
  }

  fs::path root_;
  std::string hash_;
};

TEST_F(Arrival, TakesItsNameInTheCache) {
  const fs::path target = root_ / "cache/agent-x";
  EXPECT_THAT(start(hash_, target.string()), StartsWith("\nprun-agent "));
  EXPECT_TRUE(fs::exists(target));
  EXPECT_FALSE(fs::exists(place()));
}

TEST_F(Arrival, WithoutOneItLeavesNothing) {
  EXPECT_THAT(start(hash_, ""), StartsWith("\nprun-agent "));
  EXPECT_FALSE(fs::exists(root_ / "place"));
}

TEST_F(Arrival, WhatIsNotWhatWasSentLeavesNothing) {
  std::string wrong = hash_;
  wrong.front() = wrong.front() == '0' ? '1' : '0';
  EXPECT_THAT(start(wrong, ""), StartsWith("\nprun-unsent it is not what was sent"));
  EXPECT_FALSE(fs::exists(root_ / "place"));
}

TEST_F(Arrival, WhatIsNotWhatWasSentTakesNoName) {
  const fs::path target = root_ / "cache/agent-x";
  EXPECT_THAT(start("12ab", target.string()), HasSubstr("prun-unsent it is not what was sent"));
  EXPECT_FALSE(fs::exists(target));
  EXPECT_TRUE(fs::is_empty(root_ / "place"));
}

// Kills both keepers of an agent that looks through itself; false if it had done so before.
bool Arrival::kill_keepers_in_time() const {
  fs::copy_file(PRUN_AGENT, place(), fs::copy_options::overwrite_existing);
  fs::resize_file(place(), std::uintmax_t{128} << 20);
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t keeper = ::fork();
  if (keeper == 0) {
    ::dup2(ends[0], 0);
    ::dup2(ends[1], 1);
    ::execl(place().c_str(), "prun-agent", "--arrived", "12ab", (root_ / "cache/agent-x").c_str(),
            nullptr);
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::vector<pid_t> below;  // the other keeper, and below that the agent
  while (below.size() < 2 && std::chrono::steady_clock::now() < deadline)
    below = descendants(keeper);
  EXPECT_EQ(below.size(), 2U);
  ::kill(keeper, SIGKILL);
  for (const pid_t pid : below) {
    if (pid != below.back()) ::kill(pid, SIGKILL);
  }
  const bool in_time = fs::exists(place());
  ::waitpid(keeper, nullptr, 0);
  for (const pid_t pid : below) EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  ::close(ends[0]);
  ::close(ends[1]);
  return in_time;
}

TEST_F(Arrival, WithoutItsKeepersItTidiesUpAllTheSame) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  int tries = 1;  // on a machine that gives us no processor for a while the blow comes too late
  while (!kill_keepers_in_time() && tries < 10) ++tries;
  EXPECT_LT(tries, 10);
  EXPECT_FALSE(fs::exists(place()));
}

}  // namespace
}  // namespace prun::agent
