#include "launcher/io/output_spool.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace prun::io {
namespace {

struct Shown {
  std::uint32_t rank;
  Stream stream;
  std::string bytes;
  bool operator==(const Shown&) const = default;
};

// All of it, each stream in one.
std::vector<Shown> take_all(OutputSpool& spool, std::size_t most) {
  std::vector<Shown> shown;
  bool begins = true;
  for (;;) {
    auto piece = spool.take(most);
    EXPECT_TRUE(piece.ok());
    if (!piece.ok() || !piece.value()) return shown;
    EXPECT_LE(piece.value()->bytes.size(), most);
    if (begins) shown.push_back({piece.value()->rank, piece.value()->stream, {}});
    EXPECT_EQ(shown.back().rank, piece.value()->rank);
    shown.back().bytes += piece.value()->bytes;
    begins = piece.value()->is_last;
  }
}

TEST(OutputSpool, RankByRankAndOutputBeforeErrors) {
  OutputSpool spool;
  EXPECT_TRUE(spool.append(10, Stream::out, "ten\n").ok());
  EXPECT_TRUE(spool.append(2, Stream::err, "bad\n").ok());
  EXPECT_TRUE(spool.append(2, Stream::out, "two").ok());
  EXPECT_TRUE(spool.append(10, Stream::out, "more\n").ok());
  EXPECT_TRUE(spool.append(2, Stream::out, "\n").ok());
  const std::vector<Shown> expected{
      {2, Stream::out, "two\n"}, {2, Stream::err, "bad\n"}, {10, Stream::out, "ten\nmore\n"}};
  EXPECT_EQ(take_all(spool, 1000), expected);
  EXPECT_TRUE(take_all(spool, 1000).empty());
}

TEST(OutputSpool, WhatDoesNotFitIntoMemoryComesBackWhole) {
  OutputSpool spool;
  std::string all;
  for (int line = 0; line < 20000; ++line) {
    const std::string text = "line " + std::to_string(line) + "\n";
    all += text;
    EXPECT_TRUE(spool.append(0, Stream::out, text).ok());
    EXPECT_TRUE(spool.append(1, Stream::out, "x").ok());
  }
  EXPECT_GT(all.size(), 10 * OutputSpool::kept_bytes);
  const std::vector<Shown> expected{{0, Stream::out, all},
                                    {1, Stream::out, std::string(20000, 'x')}};
  EXPECT_EQ(take_all(spool, 777), expected);
}

TEST(OutputSpool, NoFolderForTheFile) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("TMPDIR", "/no/such/folder", 1);
  OutputSpool spool;
  EXPECT_TRUE(spool.append(0, Stream::out, "fits").ok());
  const auto failed = spool.append(0, Stream::out, std::string(OutputSpool::kept_bytes, 'x'));
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.failure().text,
            "--sort: cannot make a temporary file: No such file or directory");
  if (before != nullptr) {
    ::setenv("TMPDIR", kept.c_str(), 1);
  } else {
    ::unsetenv("TMPDIR");
  }
}

}  // namespace
}  // namespace prun::io
