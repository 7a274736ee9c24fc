// Where prun decides by itself (--compress=auto), bulk that compression would halve goes as it is
// within a host: over shared memory, and over its loopback, the fastest link there is.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "tests/ranks/rank_main.hpp"
#include "tests/ranks/sample_text.hpp"

namespace prun::test {
namespace {

bool over_tcp() {
  const char* way = std::getenv("PRUN_SHM");
  return way != nullptr && std::string_view(way) == "off";
}

// From rank 0 to rank 1: what part of its bytes went through the connection, at rank 0.
double share_of_bytes_sent(const std::vector<std::byte>& text) {
  std::vector<std::byte> got;
  const Counters before = environment().counters(1 - world().rank());
  if (world().rank() == 0) world().send(text, 1);
  if (world().rank() == 1) {
    world().recv(got, 0);
    EXPECT_TRUE(got == text);
  }
  world().barrier();
  const Counters cost = environment().counters(1 - world().rank()) - before;
  return static_cast<double>(cost.bytes_sent) / static_cast<double>(text.size());
}

TEST(AutomaticCompression, StaysOffWhereTheLinkIsFast) {
  // Time for the link to be measured, and for blocks to be tried, which happens all along.
  const std::vector<std::byte> text = sample_text(16'000'000, 1);
  // Others on the machine may make its loopback slow for a while, and compression right.
  constexpr int most_attempts = 20;
  for (int attempt = 1;; ++attempt) {
    const double share = share_of_bytes_sent(text);
    bool off = share > 0.97;
    world().bcast(off, 0);
    if (off) break;
    ASSERT_TRUE(over_tcp()) << "compressed within shared memory to " << share;
    ASSERT_LT(attempt, most_attempts) << "compressed over the loopback to " << share;
  }
}

}  // namespace
}  // namespace prun::test
