#include "launcher/io/output_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace prun::io {
namespace {

using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prun-io-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::filesystem::path folder_;
  OutputFiles files_;
};

TEST_F(Files, EachStreamHasItsOwn) {
  ASSERT_TRUE(files_.open(0, Stream::out, path("deep/a")).ok());
  ASSERT_TRUE(files_.open(0, Stream::err, path("b")).ok());
  EXPECT_TRUE(files_.write(0, Stream::out, "out\nrest").ok());
  EXPECT_TRUE(files_.write(0, Stream::err, "err\n").ok());
  EXPECT_TRUE(files_.end(0, Stream::out).ok());
  EXPECT_EQ(text("deep/a"), "out\nrest");
  EXPECT_EQ(text("b"), "err\n");
  EXPECT_FALSE(files_.has(1, Stream::out));
  EXPECT_TRUE(files_.end(1, Stream::out).ok());
}

TEST_F(Files, SharedOnesGetWholeLines) {
  ASSERT_TRUE(files_.open(0, Stream::out, path("a")).ok());
  ASSERT_TRUE(files_.open(1, Stream::out, path("a")).ok());
  EXPECT_TRUE(files_.write(0, Stream::out, "be").ok());
  EXPECT_TRUE(files_.write(1, Stream::out, "other\n").ok());
  EXPECT_TRUE(files_.write(0, Stream::out, "gun\n").ok());
  EXPECT_EQ(text("a"), "other\nbegun\n");
}

TEST_F(Files, WhatWasThereIsReplaced) {
  std::ofstream(folder_ / "a") << "old";
  ASSERT_TRUE(files_.open(0, Stream::out, path("a")).ok());
  EXPECT_EQ(text("a"), "");
}

TEST_F(Files, FailuresNameTheFile) {
  std::ofstream(folder_ / "a") << "old";
  EXPECT_THAT(files_.open(0, Stream::out, path("a/b")).failure().text,
              HasSubstr("cannot write " + path("a/b") + ": "));
}

}  // namespace
}  // namespace prun::io
