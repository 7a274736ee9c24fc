#include "launcher/io/line_merger.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

namespace prun::io {
namespace {

class MergerTest : public testing::Test {
 protected:
  LineMerger make(LineMerger::Settings settings = {}) {
    return LineMerger(
        [this](OutputChunk chunk) {
          (chunk.stream == Stream::out ? out : err) += chunk.bytes;
          both += chunk.bytes;
          credit[chunk.source] += chunk.credit;
        },
        settings);
  }

  static LineMerger::Settings small() {
    LineMerger::Settings settings;
    settings.kept_line_bytes = 8;
    settings.held_bytes = 64;
    return settings;
  }

  static void ticks(LineMerger& merger, int count) {
    for (int i = 0; i < count; ++i) merger.tick();
  }

  std::string out;
  std::string err;
  std::string both;
  std::map<std::uint32_t, std::size_t> credit;
};

TEST_F(MergerTest, LinesOfSeveralRanksAreNeverTorn) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "hello ");
  merger.feed(1, Stream::out, "good morning\ngood ");
  merger.feed(0, Stream::out, "world\n");
  merger.feed(1, Stream::out, "bye\n");
  EXPECT_EQ(out, "good morning\nhello world\ngood bye\n");
}

TEST_F(MergerTest, StreamsStayApart) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "to out\n");
  merger.feed(0, Stream::err, "to err\n");
  EXPECT_EQ(out, "to out\n");
  EXPECT_EQ(err, "to err\n");
}

TEST_F(MergerTest, LabelsStandBeforeEveryLine) {
  LineMerger merger = make();
  merger.set_label(0, "[0@a] ");
  merger.set_label(1, "[1@b] ");
  merger.feed(0, Stream::out, "x\ny\nz");
  merger.feed(1, Stream::out, "u\n");
  merger.end(0, Stream::out);
  merger.end(1, Stream::out);
  EXPECT_EQ(out, "[0@a] x\n[0@a] y\n[1@b] u\n[0@a] z\n");
}

TEST_F(MergerTest, WithoutLabelsEveryByteStays) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "no line feed");
  EXPECT_EQ(out, "");
  merger.end(0, Stream::out);
  EXPECT_EQ(out, "no line feed");
}

TEST_F(MergerTest, UnfinishedLastLineIsEndedWhenAnotherFollows) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "last");
  merger.end(0, Stream::out);
  merger.feed(1, Stream::out, "other\n");
  EXPECT_EQ(out, "last\nother\n");
}

TEST_F(MergerTest, PromptComesOutOnceItsRankIsQuiet) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "Enter n: ");
  EXPECT_TRUE(merger.needs_tick());
  merger.tick();
  EXPECT_EQ(out, "");  // it might only be on its way
  merger.tick();
  EXPECT_EQ(out, "Enter n: ");
  EXPECT_FALSE(merger.needs_tick());
  merger.feed(0, Stream::out, "thanks");
  EXPECT_EQ(out, "Enter n: thanks");  // its beginning is out, the rest need not wait
  merger.feed(0, Stream::out, "\n");
  EXPECT_EQ(out, "Enter n: thanks\n");
}

TEST_F(MergerTest, AFullBufferThatEndsWithinALineIsNoPrompt) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, std::string(LineMerger::block_bytes - 1, 'a') + "\nb");
  out.clear();
  ticks(merger, LineMerger::patience_ticks - 1);
  EXPECT_EQ(out, "");
  merger.feed(1, Stream::out, "other\n");
  merger.feed(0, Stream::out, "c\n");
  EXPECT_EQ(out, "other\nbc\n");
}

TEST_F(MergerTest, OthersEndAnIdlePromptAtOnce) {
  LineMerger merger = make();
  merger.set_label(0, "[0] ");
  merger.feed(0, Stream::out, "Enter n: ");
  ticks(merger, 2);
  merger.feed(1, Stream::out, "news\n");
  EXPECT_EQ(out, "[0] Enter n: \nnews\n");
  merger.feed(0, Stream::out, "thanks\n");
  EXPECT_EQ(out, "[0] Enter n: \nnews\n[0] thanks\n");
}

TEST_F(MergerTest, UnfinishedLineWaitsWhileOthersWrite) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "computing ... ");
  for (int i = 0; i < 5; ++i) {
    merger.feed(1, Stream::out, "x\n");
    merger.tick();
  }
  merger.feed(0, Stream::out, "done\n");
  EXPECT_EQ(out, "x\nx\nx\nx\nx\ncomputing ... done\n");
}

TEST_F(MergerTest, UnfinishedLineDoesNotWaitForEver) {
  LineMerger merger = make();
  merger.feed(0, Stream::out, "Enter n: ");
  for (int i = 0; i <= LineMerger::patience_ticks; ++i) {
    merger.feed(1, Stream::out, "x\n");
    merger.tick();
  }
  EXPECT_NE(out.find("Enter n: "), std::string::npos);
}

TEST_F(MergerTest, LongLineHoldsOthersBack) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0123456789");
  EXPECT_EQ(out, "0123456789");
  merger.feed(1, Stream::out, "other\n");
  merger.tick();
  merger.feed(0, Stream::out, "abc");
  merger.tick();
  EXPECT_EQ(out, "0123456789abc");
  merger.feed(0, Stream::out, "\nnext\n");
  EXPECT_EQ(out, "0123456789abc\nnext\nother\n");
}

TEST_F(MergerTest, LongLineThatStallsIsEnded) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0123456789");
  merger.feed(1, Stream::out, "other\n");
  ticks(merger, 2);
  EXPECT_EQ(out, "0123456789\nother\n");
}

TEST_F(MergerTest, LongLineIsEndedWhenOthersHaveWaitedTooLong) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0123456789");
  merger.feed(1, Stream::out, "other\n");
  for (int i = 0; i <= LineMerger::patience_ticks; ++i) {
    merger.feed(0, Stream::out, "+");
    merger.tick();
  }
  EXPECT_NE(out.find("\nother\n"), std::string::npos);
}

TEST_F(MergerTest, LongLineIsEndedWhenTooMuchWaits) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0123456789");
  for (int i = 0; i < 11; ++i) merger.feed(1, Stream::out, "other\n");
  EXPECT_EQ(out.substr(0, 23), "0123456789\nother\nother\n");
}

TEST_F(MergerTest, TwoLongLinesAreNotMixed) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0000000000");
  merger.feed(1, Stream::out, "1111111111");
  merger.feed(0, Stream::out, "0000000000");
  merger.feed(1, Stream::out, "1111111111\n");
  merger.feed(0, Stream::out, "\n");
  EXPECT_EQ(out, "00000000000000000000\n11111111111111111111\n");
}

TEST_F(MergerTest, EndOfALongLineLetsOthersThrough) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0123456789");
  merger.feed(1, Stream::out, "other\n");
  merger.end(0, Stream::out);
  EXPECT_EQ(out, "0123456789\nother\n");
}

TEST_F(MergerTest, EndFinishesALabelledLineOnce) {
  LineMerger merger = make(small());
  merger.set_label(0, "> ");
  merger.feed(0, Stream::out, "0123456789");
  merger.end(0, Stream::out);
  EXPECT_EQ(out, "> 0123456789\n");
  merger.feed(1, Stream::out, "abcdefghijkl\n");
  merger.end(1, Stream::out);
  EXPECT_EQ(out, "> 0123456789\nabcdefghijkl\n");
}

TEST_F(MergerTest, HeldLinesOfAnEndedRankAreNotLost) {
  LineMerger merger = make(small());
  merger.set_label(1, "> ");
  merger.feed(0, Stream::out, "0123456789");
  merger.feed(1, Stream::out, "a\nb");
  merger.end(1, Stream::out);
  EXPECT_EQ(out, "0123456789");
  merger.feed(0, Stream::out, "\n");
  EXPECT_EQ(out, "0123456789\n> a\n> b\n");
}

TEST_F(MergerTest, OwnLinesAreWholeAndFirst) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::err, "0123456789");
  merger.feed(1, Stream::err, "held\n");
  merger.own_lines(Stream::err, "prun: rank 0 died");
  EXPECT_EQ(err, "0123456789\nheld\nprun: rank 0 died\n");
  merger.own_lines(Stream::err, "");
  EXPECT_EQ(err, "0123456789\nheld\nprun: rank 0 died\n");
}

TEST_F(MergerTest, OnOneTerminalBothStreamsShareTheLines) {
  LineMerger::Settings settings;
  settings.one_destination = true;
  LineMerger merger = make(settings);
  merger.feed(0, Stream::out, "Enter n: ");
  ticks(merger, 2);
  merger.feed(1, Stream::err, "warning\n");
  merger.own_lines(Stream::err, "prun: over");
  EXPECT_EQ(both, "Enter n: \nwarning\nprun: over\n");
  EXPECT_EQ(out, "Enter n: \n");
  EXPECT_EQ(err, "warning\nprun: over\n");
}

TEST_F(MergerTest, CreditsAddUp) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "kept");
  EXPECT_EQ(credit[0],
            4u);  // kept bytes are settled: a rank that never ends its line must not block its host
  merger.feed(0, Stream::out, "0123456789");
  EXPECT_EQ(credit[0], 14u);
  merger.feed(1, Stream::out, "held\n");
  EXPECT_EQ(credit[1], 0u);
  merger.feed(0, Stream::out, "\n");
  EXPECT_EQ(credit[0], 15u);
  EXPECT_EQ(credit[1], 5u);
}

TEST_F(MergerTest, FlushBringsEverythingOut) {
  LineMerger merger = make(small());
  merger.feed(0, Stream::out, "0123456789");
  merger.feed(1, Stream::out, "1\nrest1");
  merger.feed(2, Stream::out, "2\nrest2");
  merger.flush();
  EXPECT_FALSE(out.empty());
  EXPECT_EQ(out, "0123456789\n1\n2\nrest1\nrest2");
}

TEST_F(MergerTest, NothingIsLostAndNoShortLineTornWhateverTheOrder) {
  std::minstd_rand random(7);
  for (int round = 0; round < 50; ++round) {
    out.clear();
    credit.clear();
    LineMerger merger = make(small());
    std::map<std::uint32_t, std::string> fed;
    std::map<std::uint32_t, std::size_t> sent;
    for (std::uint32_t rank = 0; rank < 4; ++rank)
      merger.set_label(rank, std::to_string(rank) + ":");
    for (int i = 0; i < 300; ++i) {
      const auto rank = static_cast<std::uint32_t>(random() % 4);
      std::string piece(random() % 12, static_cast<char>('a' + rank));
      if (random() % 2 == 0) piece += '\n';
      fed[rank] += piece;
      sent[rank] += piece.size();
      merger.feed(rank, Stream::out, piece);
      if (random() % 8 == 0) merger.tick();
    }
    for (std::uint32_t rank = 0; rank < 4; ++rank) merger.end(rank, Stream::out);
    merger.flush();
    std::map<std::uint32_t, std::string> seen;
    std::istringstream lines(out);
    std::string line;
    while (std::getline(lines, line)) {
      ASSERT_GE(line.size(), 2u) << out;
      ASSERT_EQ(line[1], ':') << out;
      const auto rank = static_cast<std::uint32_t>(line[0] - '0');
      ASSERT_EQ(line.find_first_not_of(static_cast<char>('a' + rank), 2), std::string::npos)
          << line;
      seen[rank] += line.substr(2);
    }
    for (std::uint32_t rank = 0; rank < 4; ++rank) {
      std::string letters = fed[rank];
      letters.erase(std::remove(letters.begin(), letters.end(), '\n'), letters.end());
      EXPECT_EQ(seen[rank], letters);
      EXPECT_EQ(credit[rank], sent[rank]);
    }
    EXPECT_FALSE(merger.needs_tick() && (merger.tick(), merger.needs_tick()));
  }
}

}  // namespace
}  // namespace prun::io
