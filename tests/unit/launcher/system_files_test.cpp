#include "launcher/system/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace prun::system {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~Files() override { fs::remove_all(root_); }

  std::string at(const std::string& name) const { return root_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }
  static unsigned mode(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  std::string root_;
};

TEST_F(Files, AFolderIsGuardedIfNobodyElseCanReplaceWhatIsInIt) {
  EXPECT_TRUE(is_guarded(root_));
  EXPECT_FALSE(is_guarded(at("that is not there")));
  EXPECT_FALSE(is_guarded(write("file", "")));
  fs::create_directories(at("open/inner"));
  ::chmod(at("open").c_str(), 0777);
  EXPECT_FALSE(is_guarded(at("open")));
  EXPECT_FALSE(is_guarded(at("open/inner"))) << "its place can be given to another";
  fs::create_directory_symlink(at("open/inner"), at("link"));
  EXPECT_FALSE(is_guarded(at("link")));
  ::chmod(at("open").c_str(), 01777);
  EXPECT_EQ(is_guarded(at("open/inner")), ::geteuid() == 0) << "sticky and the system's";
  ::chmod(at("open").c_str(), 0755);
  EXPECT_TRUE(is_guarded(at("open/inner")));
  if (::geteuid() != 0) return;
  ASSERT_EQ(::chown(at("open").c_str(), 65533, 65533), 0);
  EXPECT_FALSE(is_guarded(at("open/inner"))) << "another's";
}

TEST_F(Files, AreReadToTheirEndOrToTheLimit) {
  const std::string text(10000, 'x');
  const std::string path = write("text", text);
  EXPECT_EQ(read_file(path), text);
  EXPECT_EQ(read_file(path, 20), text.substr(0, 20));
  EXPECT_EQ(read_file(at("none")), "");
}

TEST_F(Files, NamesInAFolder) {
  write("a", "");
  write(".b", "");
  EXPECT_THAT(names_in(root_), UnorderedElementsAre("a", ".b"));
  EXPECT_THAT(names_in(at("none")), IsEmpty());
}

TEST(Path, IsCutAtItsLastSlash) {
  EXPECT_EQ(folder_of("/a/b/c"), "/a/b");
  EXPECT_EQ(name_of("/a/b/c"), "c");
  EXPECT_EQ(folder_of("c"), "");
  EXPECT_EQ(name_of("c"), "c");
}

TEST_F(Files, APrivateFolderIsMadeWithThoseAboveIt) {
  EXPECT_TRUE(make_private_folder(at("one/two")));
  EXPECT_EQ(mode(at("one")), 0700U);
  EXPECT_EQ(mode(at("one/two")), 0700U);
  EXPECT_TRUE(make_private_folder(at("one/two")));
}

TEST_F(Files, OneThatOthersCanOpenIsNotPrivate) {
  ASSERT_TRUE(make_private_folder(at("one")));
  for (const unsigned open : {0755U, 0710U, 0702U}) {
    ::chmod(at("one").c_str(), open);
    EXPECT_FALSE(make_private_folder(at("one"))) << open;
    EXPECT_EQ(mode(at("one")), open);
  }
}

TEST_F(Files, ALinkOrAFileIsNoPrivateFolder) {
  ASSERT_TRUE(make_private_folder(at("one")));
  fs::create_directory_symlink(at("one"), at("link"));
  EXPECT_FALSE(make_private_folder(at("link")));
  EXPECT_FALSE(make_private_folder(write("file", "")));
  EXPECT_FALSE(make_private_folder(at("file/two")));
}

TEST_F(Files, ACopyHasBytesAndMode) {
  const std::string text(100000, 'x');
  const std::string from = write("from", text);
  ::chmod(from.c_str(), 0500);
  EXPECT_EQ(copy_file(from, at("to")), 0);
  EXPECT_EQ(read_file(at("to")), text);
  EXPECT_EQ(mode(at("to")), 0500U);
  EXPECT_EQ(copy_file(from, at("to")), EEXIST);
  EXPECT_EQ(copy_file(at("none"), at("other")), ENOENT);
  EXPECT_FALSE(fs::exists(at("other")));
}

TEST_F(Files, AFolderGoesWithItsFilesOnly) {
  fs::create_directories(at("one/two"));
  write("one/file", "");
  remove_with_files(at("one"));
  EXPECT_THAT(names_in(at("one")), UnorderedElementsAre("two"));
  remove_with_files(at("one/two"));
  remove_with_files(at("one"));
  EXPECT_FALSE(fs::exists(at("one")));
}

}  // namespace
}  // namespace prun::system
