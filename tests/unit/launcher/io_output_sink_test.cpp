#include "launcher/io/output_sink.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "tests/unit/launcher/io_owner_loop.hpp"

namespace prun::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  int read_end() const { return ends[0]; }
  int write_end() const { return ends[1]; }
  void close_read() { close(0); }
  void close_write() { close(1); }

  std::string read_exactly(std::size_t bytes) const {
    std::string text(bytes, '\0');
    std::size_t got = 0;
    while (got < bytes) {
      const ssize_t count = ::read(ends[0], text.data() + got, bytes - got);
      if (count <= 0) break;
      got += static_cast<std::size_t>(count);
    }
    text.resize(got);
    return text;
  }

 private:
  void close(std::size_t which) {
    if (ends[which] >= 0) ::close(ends[which]);
    ends[which] = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

OutputChunk chunk(Stream stream, std::string bytes, std::uint32_t source = 0) {
  const std::size_t credit = bytes.size();
  return OutputChunk{stream, source, credit, std::move(bytes)};
}

class SinkTest : public testing::Test {
 protected:
  OutputSink::Handlers handlers() {
    return {[this](const OutputChunk& one) {
              settled += one.credit;
              sources.push_back(one.source);
              EXPECT_TRUE(one.bytes.empty());
            },
            [this](Stream stream, int error) { failures.emplace_back(stream, error); }};
  }

  Pipe out;
  Pipe err;
  OwnerLoop loop;
  std::size_t settled = 0;
  std::vector<std::uint32_t> sources;
  std::vector<std::pair<Stream, int>> failures;
};

TEST_F(SinkTest, EachStreamGoesToItsDescriptorInOrder) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  EXPECT_TRUE(sink.write(chunk(Stream::out, "one\n", 4)));
  EXPECT_TRUE(sink.write(chunk(Stream::err, "oops\n", 5)));
  EXPECT_TRUE(sink.write(chunk(Stream::out, "two\n", 6)));
  EXPECT_TRUE(loop.run_until([this] { return settled == 13; }));
  EXPECT_THAT(sources, ElementsAre(4u, 5u, 6u));
  EXPECT_TRUE(sink.stop(seconds(30)));
  out.close_write();
  err.close_write();
  EXPECT_EQ(out.read_exactly(100), "one\ntwo\n");
  EXPECT_EQ(err.read_exactly(100), "oops\n");
}

TEST_F(SinkTest, ChunkWithoutBytesOnlySettlesItsCredit) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  sink.write(OutputChunk{Stream::out, 1, 7, {}});
  EXPECT_TRUE(loop.run_until([this] { return settled == 7; }));
}

TEST_F(SinkTest, CreditComesBackOnlyOnceWritten) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers(), 1000);
  const std::string big(1u << 20, 'x');
  EXPECT_FALSE(sink.write(chunk(Stream::out, big)));
  EXPECT_GT(sink.queued_bytes(), 1000u);
  loop.run_posted();
  EXPECT_EQ(settled, 0u);  // nobody has read: a pipe does not hold a megabyte
  std::string got;
  std::thread reader([&] { got = out.read_exactly(big.size()); });
  EXPECT_TRUE(loop.run_until([&] { return settled == big.size(); }));
  reader.join();
  EXPECT_EQ(got, big);
  EXPECT_EQ(sink.queued_bytes(), 0u);
}

TEST_F(SinkTest, WhenWrittenComesBehindWhatWasGiven) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  bool done = false;
  sink.write(chunk(Stream::out, "a\n"));
  sink.write(chunk(Stream::err, "b\n"));
  sink.when_written([&] {
    EXPECT_EQ(settled, 4u);
    done = true;
  });
  EXPECT_TRUE(loop.run_until([&] { return done; }));
  EXPECT_EQ(out.read_exactly(2), "a\n");
  EXPECT_EQ(err.read_exactly(2), "b\n");
}

TEST_F(SinkTest, WhenWrittenOnAnIdleSinkComesAtOnce) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  bool done = false;
  sink.when_written([&] { done = true; });
  EXPECT_TRUE(loop.run_until([&] { return done; }));
}

TEST_F(SinkTest, StopWritesWhatIsLeft) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  for (int i = 0; i < 1000; ++i) sink.write(chunk(Stream::out, "line\n"));
  EXPECT_TRUE(sink.stop(seconds(30)));
  EXPECT_EQ(out.read_exactly(5000).size(), 5000u);
}

TEST_F(SinkTest, StopGivesUpOnAReaderThatDoesNotRead) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  sink.write(chunk(Stream::out, std::string(1u << 20, 'x')));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(sink.stop(milliseconds(50)));
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
}

TEST_F(SinkTest, NoHandlerRunsAfterStop) {
  {
    OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
    sink.write(chunk(Stream::out, "a\n"));
    sink.when_written([] { FAIL() << "ran after stop"; });
    EXPECT_TRUE(sink.stop(seconds(30)));
  }
  loop.run_posted();
  EXPECT_EQ(settled, 0u);
}

TEST_F(SinkTest, ReaderThatLeavesIsReportedOnceAndCreditGoesOn) {
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  out.close_read();
  sink.write(chunk(Stream::out, "a\n"));
  sink.write(chunk(Stream::err, "still here\n"));
  sink.write(chunk(Stream::out, "b\n"));
  EXPECT_TRUE(loop.run_until([this] { return settled == 15; }));
  EXPECT_THAT(failures, ElementsAre(std::pair(Stream::out, EPIPE)));
  EXPECT_EQ(err.read_exactly(11), "still here\n");
}

TEST_F(SinkTest, ClosedDescriptorIsReported) {
  const int closed =
      ::fcntl(out.write_end(), F_DUPFD_CLOEXEC, 500);  // a number nothing takes by itself
  ::close(closed);
  OutputSink sink(closed, err.write_end(), loop.executor(), handlers());
  sink.write(chunk(Stream::out, "a\n"));
  EXPECT_TRUE(loop.run_until([this] { return settled == 2; }));
  EXPECT_THAT(failures, ElementsAre(std::pair(Stream::out, EBADF)));
}

TEST_F(SinkTest, FullDiskIsReported) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  OutputSink sink(full, err.write_end(), loop.executor(), handlers());
  sink.write(chunk(Stream::out, "a\n"));
  EXPECT_TRUE(loop.run_until([this] { return settled == 2; }));
  EXPECT_THAT(failures, ElementsAre(std::pair(Stream::out, ENOSPC)));
  sink.stop(seconds(30));
  ::close(full);
}

TEST_F(SinkTest, FlagsAreLeftAloneAndNonBlockingIsBorne) {
  ASSERT_EQ(::fcntl(out.write_end(), F_SETFL, O_NONBLOCK), 0);
  const int flags = ::fcntl(out.write_end(), F_GETFL);
  OutputSink sink(out.write_end(), err.write_end(), loop.executor(), handlers());
  const std::string big(1u << 20, 'y');
  sink.write(chunk(Stream::out, big));
  std::string got;
  std::thread reader([&] { got = out.read_exactly(big.size()); });
  EXPECT_TRUE(loop.run_until([&] { return settled == big.size(); }));
  reader.join();
  EXPECT_EQ(got, big);
  EXPECT_EQ(::fcntl(out.write_end(), F_GETFL), flags);
}

TEST_F(SinkTest, ManyLinesReachAFileWhole) {
  char name[] = "/tmp/prun-sink-XXXXXX";
  const int file = ::mkstemp(name);
  ASSERT_GE(file, 0);
  ::unlink(name);
  OutputSink sink(file, err.write_end(), loop.executor(), handlers());
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    const std::string line =
        std::string(static_cast<std::size_t>(i % 200), 'z') + std::to_string(i) + "\n";
    all += line;
    sink.write(chunk(Stream::out, line));
  }
  EXPECT_TRUE(sink.stop(seconds(30)));
  std::string got(all.size() + 1, '\0');
  const ssize_t count = ::pread(file, got.data(), got.size(), 0);
  got.resize(static_cast<std::size_t>(count));
  EXPECT_EQ(got, all);
  ::close(file);
}

TEST(Destination, SameFileOrNot) {
  Pipe one;
  Pipe other;
  const int copy = ::dup(one.write_end());
  EXPECT_TRUE(is_same_destination(one.write_end(), copy));
  EXPECT_FALSE(is_same_destination(one.write_end(), other.write_end()));
  ::close(copy);
  EXPECT_FALSE(is_same_destination(one.write_end(), copy));
}

}  // namespace
}  // namespace prun::io
