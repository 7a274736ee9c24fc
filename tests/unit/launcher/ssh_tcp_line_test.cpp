#include "launcher/ssh/tcp_line.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "launcher/system/descriptor.hpp"

namespace prun::ssh {
namespace {

using system::Descriptor;

// Two ends of a connection over the loopback.
std::array<Descriptor, 2> connection() {
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(listener.get(), general, length), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), general, &length), 0);
  Descriptor near(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(::connect(near.get(), general, length), 0);
  Descriptor far(::accept(listener.get(), nullptr, nullptr));
  return {std::move(near), std::move(far)};
}

// A child with the descriptors this process has when it is made; another program, or this one.
class Child {
 public:
  explicit Child(bool another = true) : pid_(::fork()) {
    if (pid_ != 0) return;
    if (another) ::execlp("sleep", "sleep", "1000", nullptr);
    for (;;) ::pause();
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  // Once it is another program.
  std::optional<TcpLine> line() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    for (;;) {
      auto line = TcpLine::of(pid_);
      if (line || std::chrono::steady_clock::now() > deadline) return line;
      std::this_thread::yield();
    }
  }

 private:
  pid_t pid_;
};

int idle_seconds(const Descriptor& socket) {
  int value = 0;
  socklen_t length = sizeof value;
  ::getsockopt(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, &value, &length);
  return value;
}

TEST(TcpLine, NoneOfAProcessWithoutConnection) {
  const Descriptor unconnected(::socket(AF_INET, SOCK_STREAM, 0));
  const Child child;
  EXPECT_FALSE(TcpLine::of(child.pid()));
}

TEST(TcpLine, NoneOfAProcessThatWasForkedJustNow) {
  const auto ends = connection();
  const Child child(false);
  EXPECT_FALSE(TcpLine::of(child.pid()));
}

TEST(TcpLine, NoneOfAProcessThatHasEnded) {
  EXPECT_FALSE(TcpLine::of(1 << 30));
}

TEST(TcpLine, TheKernelAsksWhileSomebodyLooks) {
  const auto ends = connection();
  const Child child;
  const int before = idle_seconds(ends[0]);
  {
    const auto line = child.line();
    if (!line) GTEST_SKIP() << "this kernel lets nobody look at descriptors of a child";
    EXPECT_TRUE(line->silence());
    EXPECT_EQ(std::min(idle_seconds(ends[0]), idle_seconds(ends[1])), 1);
  }
  EXPECT_EQ(idle_seconds(ends[0]), before);
  EXPECT_EQ(idle_seconds(ends[1]), before);
}

TEST(TcpLine, AConnectionThatHasBrokenIsNotSilent) {
  const auto ends = connection();
  const Child child;
  const auto line = child.line();
  if (!line) GTEST_SKIP() << "this kernel lets nobody look at descriptors of a child";
  for (const auto& end : ends) ::shutdown(end.get(), SHUT_RDWR);
  EXPECT_FALSE(line->silence());
}

}  // namespace
}  // namespace prun::ssh
