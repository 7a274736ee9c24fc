#include "launcher/system/leftovers.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace prun::system {
namespace {

namespace fs = std::filesystem;

class LeftoversTest : public testing::Test {
 protected:
  LeftoversTest() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~LeftoversTest() override { fs::remove_all(root_); }

  fs::path root_;
  std::unique_ptr<Leftovers> leftovers_ = Leftovers::make();
};

TEST_F(LeftoversTest, OfAnotherProcessAreRemovedFilesBeforeTheirFolders) {
  const std::string folder = root_ / "folder";
  const std::string file = root_ / "folder" / "file";
  const pid_t child = ::fork();
  if (child == 0) {
    leftovers_->add(folder);
    fs::create_directory(folder);
    leftovers_->add(file);
    std::ofstream(file) << "x";
    leftovers_->add((root_ / "never-made").string());
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(fs::exists(file));
  leftovers_->clear();
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(LeftoversTest, WhatIsForgottenStays) {
  const std::string file = root_ / "file";
  std::ofstream(file) << "x";
  leftovers_->add(file);
  leftovers_->add((root_ / "another").string());
  leftovers_->forget(file);
  leftovers_->clear();
  EXPECT_TRUE(fs::exists(file));
}

TEST_F(LeftoversTest, AFolderWithSomethingElseInItStays) {
  const std::string folder = root_ / "folder";
  fs::create_directory(folder);
  std::ofstream(root_ / "folder" / "of a rank") << "x";
  leftovers_->add(folder);
  leftovers_->clear();
  EXPECT_TRUE(fs::exists(root_ / "folder" / "of a rank"));
}

TEST_F(LeftoversTest, MoreThanThereIsRoomForAreNotNoted) {
  const std::string path(1000, 'x');
  for (int i = 0; i < 3000; ++i) leftovers_->add(path);
  leftovers_->add(std::string(1 << 21, 'y'));
  const std::string file = root_ / "file";
  std::ofstream(file) << "x";
  for (int i = 0; i < 50; ++i) leftovers_->add(std::string(file.size(), 'z'));
  leftovers_->add(file);
  leftovers_->clear();
  EXPECT_TRUE(fs::exists(file));
}

}  // namespace
}  // namespace prun::system
