#include "launcher/ssh/kept_connections.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "launcher/ssh/ssh_command.hpp"

namespace prun::ssh {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class Kept : public ::testing::Test {
 protected:
  Kept() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directory(root_ / "run");
    environment_ = {"XDG_RUNTIME_DIR=" + (root_ / "run").string(), "HOME=" + root_.string()};
    host_.name = "rpi2";
  }
  ~Kept() override { fs::remove_all(root_); }
  std::string folder() const { return KeptConnections::open(environment_).folder(); }

  fs::path root_;
  std::vector<std::string> environment_;
  hosts::Host host_;
  std::chrono::seconds alive_{2};
};

TEST_F(Kept, InAPrivateFolderOrNowhere) {
  EXPECT_EQ(folder(), (root_ / "run/prun").string());
  struct stat info {};
  ASSERT_EQ(::stat(folder().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  // Open to others, or a link: not ours.
  ::chmod((root_ / "run/prun").c_str(), 0755);
  EXPECT_EQ(folder(), (root_ / ".cache/prun/ssh").string());
  fs::remove(root_ / "run/prun");
  fs::create_directory_symlink(root_, root_ / "run/prun");
  EXPECT_EQ(folder(), (root_ / ".cache/prun/ssh").string());
  ASSERT_EQ(::stat((root_ / ".cache/prun").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  // Who can write to the folder above could put another in its place.
  ::chmod((root_ / ".cache/prun").c_str(), 0755);
  EXPECT_EQ(folder(), "");
  ::chmod((root_ / ".cache/prun").c_str(), 0700);
  environment_ = {"HOME=/dev/null"};
  EXPECT_EQ(folder(), "");
  // A socket's path has little room.
  environment_ = {"XDG_RUNTIME_DIR=" + (root_ / std::string(80, 'x')).string()};
  EXPECT_EQ(folder(), "");
}

TEST_F(Kept, TheUsersOwnFilesStandFirst) {
  const auto kept =
      KeptConnections::open(environment_).prepare(host_, "ssh", {"-p", "2222"}, alive_);
  ASSERT_TRUE(kept);
  std::ifstream file(kept->configuration);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_LT(text.find("Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n"),
            text.find("ControlMaster auto\n"));
  EXPECT_THAT(text, HasSubstr("ControlPath \"" + kept->socket + "\"\n"));
  struct stat info {};
  ASSERT_EQ(::stat(kept->configuration.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST_F(Kept, EachWayToLogInHasItsOwn) {
  const auto connections = KeptConnections::open(environment_);
  const auto socket = [&](const std::vector<std::string>& arguments) {
    return connections.prepare(host_, "ssh", arguments, alive_)->socket;
  };
  const std::string plain = socket({});
  EXPECT_EQ(socket({}), plain);
  EXPECT_NE(socket({"-i", "key"}), plain);
  host_.user = "pi";
  EXPECT_NE(socket({}), plain);
  host_.user.clear();
  host_.port = 2222;
  EXPECT_NE(socket({}), plain);
  host_.port = 0;
  EXPECT_EQ(socket({}), plain);
  alive_ = std::chrono::seconds(30);
  EXPECT_NE(socket({}), plain);
}

TEST_F(Kept, NotWhereTheUserSteersItOrSshIsAnother) {
  const auto connections = KeptConnections::open(environment_);
  EXPECT_TRUE(connections.prepare(host_, "/usr/bin/ssh", {}, alive_));
  EXPECT_FALSE(connections.prepare(host_, "plink", {}, alive_));
  EXPECT_FALSE(connections.prepare(host_, "ssh", {"-F", "mine"}, alive_));
  EXPECT_FALSE(connections.prepare(host_, "ssh", {"-S", "socket"}, alive_));
  EXPECT_FALSE(connections.prepare(host_, "ssh", {"-o", "controlmaster=no"}, alive_));
  EXPECT_FALSE(KeptConnections().prepare(host_, "ssh", {}, alive_));
}

TEST_F(Kept, InTheCommandOfSsh) {
  SshOptions options;
  EXPECT_THAT(ssh_command(host_, options, "x"), Contains("ControlMaster=no"));
  options.kept = KeptConnection{"/c/1.conf", "/c/1.ssh"};
  const auto words = ssh_command(host_, options, "x");
  EXPECT_THAT(words, Contains("/c/1.conf"));
  EXPECT_THAT(words, Not(Contains("ControlMaster=no")));
  options.kept.reset();
  options.avoids_masters = true;
  EXPECT_THAT(ssh_command(host_, options, "x"), Contains("ControlPath=none"));
}

TEST_F(Kept, CloseAllLeavesNothing) {
  const auto kept = KeptConnections::open(environment_).prepare(host_, "ssh", {}, alive_);
  EXPECT_TRUE(fs::exists(root_ / "run/prun"));
  // Of a prun and of an ssh that were killed while they made theirs.
  std::ofstream(kept->configuration + ".12ab");
  std::ofstream(kept->socket + ".Ab1Cd2Ef3Gh4Ij5K");
  KeptConnections::close_all(environment_);
  EXPECT_FALSE(fs::exists(root_ / "run/prun"));
}

TEST_F(Kept, CloseAllMakesNothing) {
  KeptConnections::close_all(environment_);
  EXPECT_TRUE(fs::is_empty(root_ / "run"));
  EXPECT_FALSE(fs::exists(root_ / ".cache"));
}

}  // namespace
}  // namespace prun::ssh
