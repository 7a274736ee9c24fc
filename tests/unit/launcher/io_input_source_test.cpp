#include "launcher/io/input_source.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/unit/launcher/io_owner_loop.hpp"

namespace prun::io {
namespace {

class InputTest : public testing::Test {
 protected:
  InputTest() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~InputTest() override {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }

  InputSource::Handlers handlers() {
    return {[this](std::vector<std::byte> bytes) {
              EXPECT_FALSE(bytes.empty());
              got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            },
            [this] { ++ended; }, nullptr};
  }

  void send(const std::string& text) {
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void finish() {
    ::close(ends[1]);
    ends[1] = -1;
  }
  std::size_t unread() const {
    int count = 0;
    EXPECT_EQ(::ioctl(ends[0], FIONREAD, &count), 0);
    return static_cast<std::size_t>(count);
  }

  std::array<int, 2> ends{-1, -1};
  OwnerLoop loop;
  std::string got;
  int ended = 0;
};

TEST_F(InputTest, BytesThenEnd) {
  InputSource source(ends[0], loop.executor(), handlers());
  source.add_credit(1000);
  send("hello\n");
  EXPECT_TRUE(loop.run_until([this] { return got == "hello\n"; }));
  source.taken(6);
  finish();
  EXPECT_TRUE(loop.run_until([this] { return ended == 1; }));
}

TEST_F(InputTest, NothingIsReadBeyondTheCredit) {
  send("0123456789");
  InputSource source(ends[0], loop.executor(), handlers(), InputSource::Use::at_once);
  source.add_credit(4);
  EXPECT_TRUE(loop.run_until([this] { return got == "0123"; }));
  EXPECT_EQ(unread(), 6u);
  source.add_credit(3);
  EXPECT_TRUE(loop.run_until([this] { return got == "0123456"; }));
  source.stop();
  EXPECT_EQ(unread(), 3u);
}

TEST_F(InputTest, WithoutCreditNotEvenTheEndIsLookedFor) {
  finish();
  InputSource source(ends[0], loop.executor(), handlers());
  source.look_again();
  source.stop();
  loop.run_posted();
  EXPECT_EQ(ended, 0);
}

TEST_F(InputTest, LargeInputArrivesWhole) {
  InputSource source(ends[0], loop.executor(), handlers(), InputSource::Use::at_once);
  const std::string all(1u << 20, 'q');
  source.add_credit(all.size());
  std::size_t sent = 0;
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  EXPECT_TRUE(loop.run_until([&] {
    while (sent < all.size()) {
      const ssize_t count = ::write(ends[1], all.data() + sent, all.size() - sent);
      if (count <= 0) break;
      sent += static_cast<std::size_t>(count);
    }
    return got.size() == all.size();
  }));
  EXPECT_EQ(got, all);
}

// What is not taken stays, from whatever it comes.
class KeptInput : public InputTest {
 protected:
  void keeps_the_rest(int descriptor) {
    {
      InputSource source(descriptor, loop.executor(), handlers());
      source.add_credit(1000);
      ASSERT_TRUE(loop.run_until([this] { return got == "one\ntwo\nthree\n"; }));
      source.taken(4);
      source.stop();
    }
    char rest[100];
    const ssize_t count = ::read(descriptor, rest, sizeof rest);
    ASSERT_GT(count, 0);
    EXPECT_EQ(std::string(rest, static_cast<std::size_t>(count)), "two\nthree\n");
  }
};

TEST_F(KeptInput, OfAPipe) {
  send("one\ntwo\nthree\n");
  keeps_the_rest(ends[0]);
}

TEST_F(KeptInput, OfASocket) {
  std::array<int, 2> sockets{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
  ASSERT_EQ(::write(sockets[1], "one\ntwo\nthree\n", 14), 14);
  keeps_the_rest(sockets[0]);
  for (const int end : sockets) ::close(end);
}

TEST_F(KeptInput, OfAFileFromWhereItStands) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const int descriptor = ::fileno(file);
  ASSERT_EQ(::write(descriptor, "before\none\ntwo\nthree\n", 21), 21);
  ASSERT_EQ(::lseek(descriptor, 7, SEEK_SET), 7);
  keeps_the_rest(descriptor);
  std::fclose(file);
}

TEST_F(KeptInput, OfAPipeInPieces) {
  send("one\ntwo\n");
  InputSource source(ends[0], loop.executor(), handlers());
  source.add_credit(5);
  ASSERT_TRUE(loop.run_until([this] { return got == "one\nt"; }));
  source.add_credit(1000);
  loop.run_posted();
  EXPECT_EQ(got, "one\nt");  // what stands in front would be read again
  source.taken(5);
  ASSERT_TRUE(loop.run_until([this] { return got == "one\ntwo\n"; }));
  source.taken(2);
  source.stop();
  EXPECT_EQ(unread(), 1u);
}

TEST_F(InputTest, ATerminalIsReadWhenItIsWanted) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  ASSERT_EQ(::write(master, "first\nsecond\n", 13), 13);
  int offers = 0;
  auto handling = handlers();
  handling.offered = [&offers] { ++offers; };
  InputSource source(slave, loop.executor(), handling);
  source.add_credit(1000);
  ASSERT_TRUE(loop.run_until([&] { return offers == 1; }));
  loop.run_posted();
  EXPECT_EQ(got, "");
  source.want();
  ASSERT_TRUE(loop.run_until([&] { return offers == 2; }));
  EXPECT_EQ(got, "first\n");
  source.stop();
  char rest[100];
  EXPECT_EQ(::read(slave, rest, sizeof rest), 7);
  ::close(master);
  ::close(slave);
}

TEST_F(InputTest, ATerminalIsOfferedAnewWhenWhoeverWantedItHasLeft) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  int offers = 0;
  auto handling = handlers();
  handling.offered = [&offers] { ++offers; };
  InputSource source(slave, loop.executor(), handling);
  source.want();
  source.ask_again();
  source.add_credit(1000);
  ASSERT_EQ(::write(master, "line\n", 5), 5);
  ASSERT_TRUE(loop.run_until([&] { return offers == 1; }));
  source.ask_again();
  ASSERT_TRUE(loop.run_until([&] { return offers == 2; }));
  EXPECT_EQ(got, "");
  source.want();
  ASSERT_TRUE(loop.run_until([this] { return got == "line\n"; }));
  source.stop();
  ::close(master);
  ::close(slave);
}

TEST_F(InputTest, StopDoesNotWaitForInput) {
  InputSource source(ends[0], loop.executor(), handlers());
  source.add_credit(10);
  const auto before = std::chrono::steady_clock::now();
  source.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  source.stop();
}

TEST_F(InputTest, NoHandlerRunsAfterStop) {
  InputSource source(ends[0], loop.executor(), handlers(), InputSource::Use::at_once);
  send("late");
  source.add_credit(100);
  pollfd gone{ends[0], POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (::poll(&gone, 1, 0) == 1 && std::chrono::steady_clock::now() < deadline) sched_yield();
  source.stop();
  loop.run_posted();
  EXPECT_EQ(got, "");
}

TEST_F(InputTest, ClosedDescriptorIsItsEnd) {
  const int closed = ::fcntl(ends[0], F_DUPFD_CLOEXEC, 500);  // a number nothing takes by itself
  ::close(closed);
  InputSource source(closed, loop.executor(), handlers());
  source.add_credit(1);
  EXPECT_TRUE(loop.run_until([this] { return ended == 1; }));
}

TEST_F(InputTest, RegularFileAndDevNull) {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    InputSource source(null, loop.executor(), handlers());
    source.add_credit(1);
    EXPECT_TRUE(loop.run_until([this] { return ended == 1; }));
  }
  ::close(null);
}

TEST_F(InputTest, WaitsUntilItMayRead) {
  std::atomic<bool> allowed = false;
  std::atomic<int> asked = 0;
  send("typed ahead\n");
  InputSource source(ends[0], loop.executor(), handlers(), InputSource::Use::shared, [&] {
    ++asked;
    return allowed.load();
  });
  source.add_credit(100);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (asked < 2 && std::chrono::steady_clock::now() < deadline) sched_yield();
  loop.run_posted();
  EXPECT_EQ(got, "");
  EXPECT_EQ(unread(), 12u);
  allowed = true;
  source.look_again();
  EXPECT_TRUE(loop.run_until([this] { return got == "typed ahead\n"; }));
}

TEST_F(InputTest, FlagsAreLeftAlone) {
  const int flags = ::fcntl(ends[0], F_GETFL);
  InputSource source(ends[0], loop.executor(), handlers());
  source.add_credit(10);
  send("x");
  EXPECT_TRUE(loop.run_until([this] { return got == "x"; }));
  EXPECT_EQ(::fcntl(ends[0], F_GETFL), flags);
}

TEST(MayRead, PipesAlwaysTerminalsOfOthersToo) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  EXPECT_TRUE(may_read_now(ends[0]));
  ::close(ends[0]);
  ::close(ends[1]);
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  EXPECT_TRUE(may_read_now(slave));  // not our controlling terminal
  ::close(master);
  ::close(slave);
}

// What the process with a terminal of its own does; its exit status is the number of the check that
// failed, or 0.
int live_in_background(int slave) {
  if (::setsid() < 0 || ::ioctl(slave, TIOCSCTTY, 0) != 0) return 1;
  // Another group, alive for as long as this process, has the foreground.
  std::array<int, 2> leash{};
  if (::pipe2(leash.data(), O_CLOEXEC) != 0) return 2;
  const pid_t other = ::fork();
  if (other == 0) {
    ::close(leash[1]);
    char nothing = 0;
    ::_exit(::read(leash[0], &nothing, 1) == 0 ? 0 : 1);
  }
  if (::setpgid(other, other) != 0 || ::tcsetpgrp(slave, other) != 0) return 3;
  if (may_read_now(slave)) return 4;

  OwnerLoop loop;
  std::string got;
  std::atomic<int> asked = 0;
  InputSource source(slave, loop.executor(),
                     {[&got](std::vector<std::byte> bytes) {
                        got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                      },
                      nullptr, nullptr},
                     InputSource::Use::shared, [&] {
                       ++asked;
                       return may_read_now(slave);
                     });
  source.add_credit(100);
  // In the background: the line stays in the terminal and nobody is stopped.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (asked < 2 && std::chrono::steady_clock::now() < deadline) sched_yield();
  if (asked < 2) return 5;
  loop.run_posted();
  if (!got.empty()) return 6;
  // Back in the foreground, as after `fg`. Only a background group may be made the foreground one
  // with TTOU ignored.
  ::signal(SIGTTOU, SIG_IGN);
  if (::tcsetpgrp(slave, ::getpgrp()) != 0) return 7;
  source.look_again();
  if (!loop.run_until([&] { return got == "typed\n"; })) return 8;
  source.stop();
  ::close(leash[1]);
  int status = 0;
  return ::waitpid(other, &status, 0) == other ? 0 : 9;
}

TEST(TerminalInput, BackgroundWaitsAndForegroundReads) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  ASSERT_EQ(::write(master, "typed\n", 6), 6);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(live_in_background(slave));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  EXPECT_TRUE(WIFEXITED(status)) << "stopped by the terminal";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the number of the check in live_in_background that failed";
  if (!WIFEXITED(status)) ::kill(child, SIGKILL);
  ::close(master);
  ::close(slave);
}

}  // namespace
}  // namespace prun::io
