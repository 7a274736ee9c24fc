#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <asio/io_context.hpp>

#include <csignal>
#include <memory>
#include <string>

#include "launcher/agent/input_pipe.hpp"
#include "launcher/agent/output_pipe.hpp"

namespace prun::agent {
namespace {

class Pipes : public ::testing::Test {
 protected:
  Pipes() {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_ = ends[0];
    writer_ = ends[1];
    ::fcntl(writer_, F_SETPIPE_SZ, 1 << 20);
  }

  void write(std::size_t bytes) {
    const std::string text(bytes, 'x');
    ASSERT_EQ(::write(writer_, text.data(), bytes), static_cast<ssize_t>(bytes));
  }
  // Everything that can happen without waiting.
  void run() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }
  std::shared_ptr<OutputPipe> watch() {
    auto pipe = std::make_shared<OutputPipe>(io_, reader_, window_);
    pipe->start([this](std::span<const std::byte> data) { got_ += data.size(); },
                [this] { ++closed_; });
    return pipe;
  }

  asio::io_context io_;
  OutputWindow window_;
  int reader_ = -1;
  int writer_ = -1;
  std::size_t got_ = 0;
  int closed_ = 0;
};

TEST_F(Pipes, OutputStopsAtTheWindowAndGoesOnWithCredit) {
  const auto pipe = watch();
  write(OutputWindow::size_bytes + 1000);
  run();
  EXPECT_EQ(got_, OutputWindow::size_bytes);
  EXPECT_EQ(window_.left(), 0u);
  window_.give_back(10);
  pipe->resume();
  run();
  EXPECT_EQ(got_, OutputWindow::size_bytes + 10);
  window_.give_back(5000);
  pipe->resume();
  run();
  EXPECT_EQ(got_, OutputWindow::size_bytes + 1000);
  ::close(writer_);
  run();
  EXPECT_EQ(closed_, 1);
}

TEST_F(Pipes, FinishTakesWhatIsThereAndNoMore) {
  const auto pipe = watch();
  write(OutputWindow::size_bytes + 1000);
  run();
  pipe->finish();
  write(77);  // somebody still holds the other end
  EXPECT_EQ(closed_, 0);
  window_.give_back(OutputWindow::size_bytes);
  pipe->resume();
  run();
  EXPECT_EQ(got_, OutputWindow::size_bytes + 1000);
  EXPECT_EQ(closed_, 1);
  ::close(writer_);
}

TEST_F(Pipes, FinishOfAnEmptyPipeClosesAtOnce) {
  const auto pipe = watch();
  run();
  pipe->finish();
  EXPECT_EQ(closed_, 1);
  pipe->finish();
  EXPECT_EQ(closed_, 1);
  ::close(writer_);
}

TEST_F(Pipes, NobodyIsCalledAfterClose) {
  const auto pipe = watch();
  write(10);
  pipe->close();
  run();
  EXPECT_EQ(got_, 0u);
  EXPECT_EQ(closed_, 0);
  ::close(writer_);
}

TEST_F(Pipes, CreditThatWasNeverTakenIsWorthNothing) {
  window_.give_back(1u << 31);
  EXPECT_EQ(window_.left(), OutputWindow::size_bytes);
  window_.take(100);
  window_.give_back(SIZE_MAX);
  EXPECT_EQ(window_.left(), OutputWindow::size_bytes);
  window_.take(SIZE_MAX);
  EXPECT_EQ(window_.left(), 0u);
}

class Input : public Pipes {
 protected:
  std::shared_ptr<InputPipe> feed() {
    auto pipe = std::make_shared<InputPipe>(io_, writer_);
    pipe->start([this](std::uint32_t bytes, bool closed) {
      taken_ += bytes;
      refused_ += closed ? 1 : 0;
    });
    return pipe;
  }
  std::size_t read_all() {
    char buffer[65536];
    ::fcntl(reader_, F_SETFL, O_NONBLOCK);
    std::size_t all = 0;
    for (ssize_t got = 0; (got = ::read(reader_, buffer, sizeof buffer)) > 0;)
      all += static_cast<std::size_t>(got);
    return all;
  }

  std::size_t taken_ = 0;
  int refused_ = 0;
};

TEST_F(Input, TellsWhatWasTakenAndEndsBehindIt) {
  const auto pipe = feed();
  const std::vector<std::byte> data(1000);
  pipe->write(data);
  pipe->write(data);
  pipe->finish();
  run();
  EXPECT_EQ(taken_, 0u);
  EXPECT_EQ(read_all(), 1000u);  // the next goes out when this is read
  run();
  EXPECT_EQ(taken_, 1000u);
  EXPECT_EQ(read_all(), 1000u);
  run();
  EXPECT_EQ(taken_, 2000u);
  char byte = 0;
  EXPECT_EQ(::read(reader_, &byte, 1), 0);  // end of file
  EXPECT_EQ(refused_, 0);
  ::close(reader_);
}

TEST_F(Input, WhatIsReadInPartIsToldInTheEnd) {
  const auto pipe = feed();
  pipe->write(std::vector<std::byte>(1000));
  run();
  EXPECT_FALSE(pipe->is_empty());
  char some[300];
  ASSERT_EQ(::read(reader_, some, sizeof some), 300);
  run();
  EXPECT_EQ(taken_, 0u);
  pipe->settle();
  EXPECT_EQ(taken_, 300u);
  EXPECT_EQ(refused_, 0);
  pipe->settle();
  EXPECT_EQ(taken_, 300u);
  ::close(reader_);
}

TEST_F(Input, ReaderThatLeavesIsToldOnce) {
  const auto pipe = feed();
  run();
  ::close(reader_);
  run();
  EXPECT_EQ(refused_, 1);
  pipe->write(std::vector<std::byte>(10));
  run();
  EXPECT_EQ(refused_, 1);
  EXPECT_EQ(taken_, 0u);
}

}  // namespace
}  // namespace prun::agent
