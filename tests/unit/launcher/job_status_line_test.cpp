#include "launcher/job/status_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace prun::job {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(StatusLine, NamesHostsByWhatTheyAreAt) {
  EXPECT_EQ(status_text({{"rpi3", "ssh login"}}, seconds(3), 80),
            "waiting for rpi3 (ssh login), 3 s");
  EXPECT_EQ(status_text({{"rpi2", "ssh login"}, {"rpi4", "its agent"}, {"rpi3", "ssh login"}},
                        seconds(12), 80),
            "waiting for 3 hosts: rpi2, rpi3 (ssh login), rpi4 (its agent), 12 s");
}

TEST(StatusLine, IsCutToTheScreen) {
  std::vector<AwaitedHost> hosts;
  for (int i = 0; i < 100; ++i) hosts.push_back({"rpi" + std::to_string(i), "ssh login"});
  const std::string text = status_text(hosts, seconds(3), 60);
  EXPECT_EQ(text.size(), 60u);
  EXPECT_TRUE(text.starts_with("waiting for 100 hosts: rpi0, rpi1, "));
  EXPECT_TRUE(text.ends_with("..., 3 s"));
  for (std::size_t columns = 0; columns < 40; ++columns) status_text(hosts, seconds(3), columns);
}

TEST(StatusLine, SaysNothingForThreeSecondsAndLeavesNothing) {
  std::string bytes;
  const auto written = [&] { return std::exchange(bytes, {}); };
  {
    io::InPlaceLine terminal([&](const std::string& text) { bytes += text; });
    StatusLine line(&terminal);
    EXPECT_EQ(StatusLine::next_look(milliseconds(500)), milliseconds(2500));
    line.show({{"rpi3", "ssh login"}}, milliseconds(2900));
    line.clear();
    EXPECT_EQ(written(), "");
    line.show({{"rpi3", "ssh login"}}, milliseconds(3100));
    EXPECT_EQ(written(), "\r\x1b[Kprun: waiting for rpi3 (ssh login), 3 s");
    line.show({}, milliseconds(4100));
    EXPECT_EQ(written(), "\r\x1b[K");
    line.show({{"rpi3", "ssh login"}}, milliseconds(5100));
    written();
  }
  EXPECT_EQ(written(), "\r\x1b[K");
}

}  // namespace
}  // namespace prun::job
