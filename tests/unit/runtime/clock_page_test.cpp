#include "runtime/clock/clock_page.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace prun::clock {
namespace {

TEST(ClockPage, TellsWhatWasPublishedLast) {
  auto made = ClockPage::make({5, -200'000});
  ASSERT_TRUE(made.ok());
  ClockPage page = std::move(made).value();
  auto opened = ClockPage::open(::dup(page.descriptor()));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened.value().local().skew(), (Skew{5, -200'000}));
  EXPECT_FALSE(opened.value().line());
  ClockLine line;
  line.since = -3;
  line.time = 1LL << 50;
  line.rate = 1e-5;
  line.error = 70000;
  line.slew = -3.5;
  line.slew_span = 1LL << 33;
  page.publish(line);
  const auto read = opened.value().line();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->since, line.since);
  EXPECT_EQ(read->time, line.time);
  EXPECT_EQ(read->rate, line.rate);
  EXPECT_EQ(read->error, line.error);
  EXPECT_EQ(read->slew, line.slew);
  EXPECT_EQ(read->slew_span, line.slew_span);
}

TEST(ClockPage, ReadersCannotWrite) {
  auto made = ClockPage::make({});
  ASSERT_TRUE(made.ok());
  void* const memory = ::mmap(nullptr, ClockPage::bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                              made.value().descriptor(), 0);
  EXPECT_EQ(memory, MAP_FAILED);
}

TEST(ClockPage, AnotherFileIsNone) {
  EXPECT_FALSE(ClockPage::open(::open("/dev/null", O_RDONLY | O_CLOEXEC)).ok());
  const int empty = ::memfd_create("empty", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(::ftruncate(empty, ClockPage::bytes), 0);
  ::fcntl(empty, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  EXPECT_FALSE(ClockPage::open(empty).ok());
}

// Every line that is read is one that was written, never half of two.
TEST(ClockPage, ALineIsReadWhole) {
  auto made = ClockPage::make({});
  ASSERT_TRUE(made.ok());
  ClockPage page = std::move(made).value();
  ClockLine line;
  page.publish(line);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (Nanoseconds i = 1; i <= 200'000; ++i) {
      line.since = i;
      line.time = -i;
      line.slew_span = i;
      page.publish(line);
    }
    done = true;
  });
  std::size_t torn = 0;
  while (!done) {
    const auto read = page.line();
    if (!read || read->time != -read->since) ++torn;
  }
  writer.join();
  EXPECT_EQ(torn, 0U);
}

TEST(ClockLine, NeverGoesBackWhereItIsJoined) {
  ClockLine first;
  first.time = 1'000'000;
  ClockLine second;
  second.since = 500;
  second.time = 990'000;  // 10.5 us behind what was told already
  const ClockLine joined = second.joined_to(first);
  EXPECT_EQ(joined.at(500).time, first.at(500).time);
  Nanoseconds before = 0;
  for (Nanoseconds now = 500; now < 400'000'000; now += 1'000'000) {
    EXPECT_GT(joined.at(now).time, before);
    before = joined.at(now).time;
  }
  EXPECT_EQ(joined.at(400'000'000).time, second.at(400'000'000).time);
  EXPECT_GE(joined.at(500).error, 10'500);
}

TEST(Skew, IsReadByHost) {
  const char* const words = "rpi2=3.5/200,rpi3=-1/-150.5";
  EXPECT_EQ(parse_skew(words, "rpi2"), (Skew{3'500'000'000, 200'000}));
  EXPECT_EQ(parse_skew(words, "rpi3"), (Skew{-1'000'000'000, -150'500}));
  EXPECT_EQ(parse_skew(words, "rpi1"), Skew{});
  for (const char* bad : {"rpi2", "rpi2=1", "rpi2=x/1", "rpi2=1/9999", "rpi2=1e9/0", "rpi2=nan/0"})
    EXPECT_FALSE(parse_skew(bad, "rpi2")) << bad;
}

TEST(LocalClock, ASkewedOneIsOffAndDrifts) {
  const LocalClock local({-2'000'000'000, 200'000});
  const Nanoseconds day = 86'400'000'000'000;
  EXPECT_EQ(local.skewed(day) - local.skewed(0), day + day / 5000);
  EXPECT_EQ(local.skewed(0), -2'000'000'000);
}

}  // namespace
}  // namespace prun::clock
