#include "runtime/clock/clock_packet.hpp"

#include <gtest/gtest.h>

namespace prun::clock {
namespace {

security::Key key_of(unsigned char first) {
  security::Key key{};
  key[0] = std::byte{first};
  return key;
}

ClockPacket some_answer() {
  return {ClockPacket::Kind::answer, 5, 77, 1, 2, 0x1234567890abcdef, -5, 1LL << 40, 300};
}

TEST(ClockPacket, ComesBackAsItWasSent) {
  const auto key = clock_key(key_of(1));
  EXPECT_EQ(decode(key, 77, encode(key, some_answer())), some_answer());
}

TEST(ClockPacket, OfAnotherJobOrKeyIsNone) {
  const auto bytes = encode(clock_key(key_of(1)), some_answer());
  EXPECT_FALSE(decode(clock_key(key_of(2)), 77, bytes));
  EXPECT_FALSE(decode(clock_key(key_of(1)), 78, bytes));
  EXPECT_FALSE(decode(key_of(1), 77, bytes)) << "the job's own key";
}

TEST(ClockPacket, EveryByteCounts) {
  const auto key = clock_key(key_of(1));
  const auto good = encode(key, some_answer());
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= std::byte{1};
    EXPECT_FALSE(decode(key, 77, bad)) << "byte " << i;
  }
}

TEST(ClockPacket, OfAnotherLengthIsNone) {
  const auto key = clock_key(key_of(1));
  const auto good = encode(key, some_answer());
  EXPECT_FALSE(decode(key, 77, std::span(good).first(good.size() - 1)));
  EXPECT_FALSE(decode(key, 77, {}));
  std::vector<std::byte> longer(good.begin(), good.end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode(key, 77, longer));
}

}  // namespace
}  // namespace prun::clock
