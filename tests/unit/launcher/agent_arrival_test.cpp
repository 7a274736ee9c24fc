#include "launcher/agent/arrival.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

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

}  // namespace
}  // namespace prun::agent
