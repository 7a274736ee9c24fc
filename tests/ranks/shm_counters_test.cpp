// What a message between ranks of one host costs, by the runtime's own counters and by counting
// allocations.
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/ranks/allocations.hpp"
#include "tests/ranks/pair.hpp"
#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

constexpr int rounds = 10;

// The other's value of the same time.
std::uint64_t exchange(std::uint64_t mine) {
  std::uint64_t theirs = 0;
  world().sendrecv(mine, other(), 1, theirs, other(), 1);
  return theirs;
}

class EagerPath : public testing::TestWithParam<std::size_t> {};

// The test is run with long spins. A machine that is very busy may put a rank to sleep all the same,
// so each stretch is held to what it saw: a system call for each sleep of the other rank, and none,
// nor any memory, where neither slept.
TEST_P(EagerPath, NoSystemCallAndNoAllocationWhileTheReceiverSpins) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::byte> data(GetParam());
  if (takes_part()) {
    ping_pong(data, 100);
    bool seen_awake = false;
    for (const auto end = Clock::now() + std::chrono::seconds(20);;) {
      // A rank that sleeps now may still be taken to be asleep when the stretch begins.
      const std::uint64_t slept_before = environment().counters().wakeups;
      const bool done = seen_awake || Clock::now() > end;
      if (exchange(done) != 0 || done) break;  // both at the same time
      const Counters before = environment().counters(other());
      const std::uint64_t allocated_before = allocations();
      ping_pong(data, rounds);
      const std::uint64_t allocated = allocations() - allocated_before;
      const std::uint64_t slept = environment().counters().wakeups - slept_before;
      const Counters cost = environment().counters(other()) - before;
      const std::uint64_t other_slept = exchange(slept);

      EXPECT_EQ(cost.messages_sent, rounds);
      EXPECT_EQ(cost.messages_received, rounds);
      EXPECT_LE(cost.writes, other_slept);
      EXPECT_EQ(cost.reads, 0u);
      EXPECT_GE(cost.bytes_sent, rounds * (GetParam() + 1));
      EXPECT_GE(cost.bytes_received, rounds * (GetParam() + 1));
      // Into the ring and out of it.
      EXPECT_EQ(cost.bytes_copied, 2 * rounds * GetParam());
      if (slept + other_slept == 0) {
        EXPECT_EQ(cost.writes, 0u);
        EXPECT_EQ(allocated, 0u);
        seen_awake = true;
      }
    }
    EXPECT_TRUE(seen_awake) << "one of the two slept in each stretch";
  }
  world().barrier();
}

INSTANTIATE_TEST_SUITE_P(Bytes, EagerPath, testing::Values(1, 64, 1024));

// As /proc says it: S for one that sleeps until something happens.
bool asleep(std::uint64_t process) {
  std::string line;
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::getline(file, line);
  return line.find(") S ") != std::string::npos;
}

TEST(Sleeper, IsWokenByOneRing) {
  std::vector<std::byte> data(8);
  if (takes_part()) exchange(0);  // the first message to a rank wakes it to say that there is a way
  if (world().rank() == 0) {
    const auto process = world().recv<std::uint64_t>(1, 1);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!asleep(process) && std::chrono::steady_clock::now() < end) ::usleep(100);
    EXPECT_TRUE(asleep(process));
    const Counters before = environment().counters(1);
    world().send(std::span<const std::byte>(data), 1, 2);
    const Counters cost = environment().counters(1) - before;
    EXPECT_EQ(cost.writes, 1u);
    EXPECT_EQ(cost.reads, 0u);
    // One that is awake again costs nothing more.
    EXPECT_EQ(world().recv<std::uint64_t>(1, 3), 1u) << "wake-ups of rank 1 for rank 0";
  } else if (world().rank() == 1) {
    world().send(static_cast<std::uint64_t>(::getpid()), 0, 1);
    const Counters before = environment().counters(0);
    world().recv(std::span(data), 0, 2);
    world().send((environment().counters(0) - before).wakeups, 0, 3);
  }
  world().barrier();
}

// A large payload is copied once, by both ends together, or, where PRUN_SHM=copy forbids that, into
// the ring and out of it.
TEST(Large, IsCopiedOnceOrThroughTheRing) {
  const char* way = std::getenv("PRUN_SHM");
  const bool through_ring = way != nullptr && std::string_view(way) == "copy";
  std::vector<std::byte> data(1u << 20);
  const auto transfer = [&](int tag) {
    // The receive is there first: what comes before it is taken into memory and copied again.
    Request receive;
    if (world().rank() == 1) receive = world().irecv(std::span(data), 0, tag);
    exchange(0);
    if (world().rank() == 0) world().send(std::span<const std::byte>(data), 1, tag);
    if (world().rank() == 1) receive.wait();
  };
  if (takes_part()) {
    transfer(5);  // now each knows whether it can reach the other's memory
    exchange(0);
    const Counters before = environment().counters(other());
    transfer(6);
    const Counters cost = environment().counters(other()) - before;
    exchange(0);
    const std::uint64_t both = cost.bytes_copied + exchange(cost.bytes_copied);
    const std::uint64_t expected = through_ring ? 2 * data.size() : data.size();
    EXPECT_GE(both, expected);
    EXPECT_LE(both, expected + 100) << "more than the message and what exchange says";
    if (world().rank() == 0) {
      EXPECT_GE(cost.bytes_sent, data.size());
    } else {
      EXPECT_GE(cost.bytes_received, data.size());
      if (through_ring) {
        EXPECT_EQ(cost.reads, 0u);
      } else {
        EXPECT_GT(cost.reads, 0u);
      }
    }
  }
  world().barrier();
}

}  // namespace
}  // namespace prun::test
