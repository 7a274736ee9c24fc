#include "launcher/ssh/ssh_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace prun::ssh {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

hosts::Host host(std::string name, std::string user = {}, std::uint16_t port = 0) {
  hosts::Host made;
  made.name = std::move(name);
  made.user = std::move(user);
  made.port = port;
  return made;
}

TEST(SshCommand, AsksNothingAndLeavesHostKeysAlone) {
  const auto words = ssh_command(host("rpi2"), {}, "exec sh");
  EXPECT_EQ(words.front(), "ssh");
  EXPECT_THAT(words, Contains("BatchMode=yes"));
  EXPECT_THAT(words, Contains("-T"));
  EXPECT_THAT(words, Contains("-x"));
  EXPECT_THAT(words, Contains("ConnectTimeout=15"));
  EXPECT_THAT(words, Contains("GSSAPIAuthentication=no"));
  EXPECT_THAT(words, Not(Contains("-p")));
  EXPECT_THAT(words, Not(Contains(HasSubstr("StrictHostKeyChecking"))));
  EXPECT_EQ(words[words.size() - 3], "rpi2");
  EXPECT_EQ(words[words.size() - 2], "--");
}

TEST(SshCommand, TimeoutIsRoundedUpToWholeSeconds) {
  using std::chrono::milliseconds;
  EXPECT_THAT(ssh_command(host("a"), {"ssh", {}, milliseconds(1)}, "/p"),
              Contains("ConnectTimeout=1"));
  EXPECT_THAT(ssh_command(host("a"), {"ssh", {}, milliseconds(2001)}, "/p"),
              Contains("ConnectTimeout=3"));
}

TEST(SshCommand, SshGivesAHostUpAfterTheJobHas) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  EXPECT_EQ(alive_interval_for(milliseconds(4000)), seconds(2));
  EXPECT_EQ(alive_interval_for(milliseconds(500)), seconds(1));
  EXPECT_EQ(alive_interval_for(milliseconds(60000)), seconds(30));
  EXPECT_EQ(alive_interval_for(std::nullopt), seconds(4));
  SshOptions options;
  options.alive_interval = seconds(30);
  const auto words = ssh_command(host("a"), options, "/p");
  EXPECT_THAT(words, Contains("ServerAliveInterval=30"));
  EXPECT_THAT(words, Contains("ServerAliveCountMax=4"));
}

TEST(SshCommand, TheUsersArgumentsComeBeforeWhatWePropose) {
  const auto words =
      ssh_command(host("rpi2", "pi", 2222), {"ssh", {"-o", "ConnectTimeout=3"}, {}}, "/p");
  const auto at = [&](const std::string& word) {
    return std::find(words.begin(), words.end(), word) - words.begin();
  };
  EXPECT_LT(at("BatchMode=yes"), at("ConnectTimeout=3"));
  EXPECT_LT(at("ConnectTimeout=3"), at("ConnectTimeout=1"));
  EXPECT_EQ(words[static_cast<std::size_t>(at("-p")) + 1], "2222");
  EXPECT_THAT(words, Contains("pi@rpi2"));
}

TEST(LoginWords, AreWhatAPersonWouldType) {
  EXPECT_EQ(login_words(host("rpi2")), "ssh rpi2");
  EXPECT_EQ(login_words(host("rpi2", "pi", 2222)), "ssh -p 2222 pi@rpi2");
  EXPECT_EQ(login_words(host("rpi2", "pi"), "ssh-copy-id"), "ssh-copy-id pi@rpi2");
}

}  // namespace
}  // namespace prun::ssh
