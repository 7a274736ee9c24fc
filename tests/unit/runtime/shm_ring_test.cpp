#include "runtime/transport/shm/shm_ring.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace prun::transport::shm {
namespace {

constexpr std::uint32_t ring_bytes = 4096;

class ShmRing : public testing::Test {
 protected:
  // Writes a record of so many bytes, all of one value. False if there is no room.
  bool put(std::size_t count, int value, RecordKind kind = RecordKind::frame) {
    std::byte* at = writer_.begin(count);
    if (at == nullptr) return false;
    EXPECT_GE(at, memory() + pair_page::ring);
    EXPECT_LE(at + count, memory() + pair_page::ring + ring_bytes);
    std::memset(at, value, count);
    writer_.publish(kind, count);
    return true;
  }
  // The length of the next record, whose bytes must have this value; -1 if there is none.
  int take(int value) {
    const auto next = reader_.next();
    if (!next.ok() || !next.value()) return -1;
    const auto content = next.value()->content;
    for (const std::byte byte : content) EXPECT_EQ(byte, static_cast<std::byte>(value));
    const auto count = static_cast<int>(content.size());
    reader_.consume();
    reader_.show_taken(false);
    return count;
  }
  std::byte* memory() { return reinterpret_cast<std::byte*>(memory_.data()); }

  // Words, for their alignment.
  std::vector<std::uint32_t> memory_ =
      std::vector<std::uint32_t>((pair_page::ring + ring_bytes + 64) / 4);
  RingWriter writer_{memory(), ring_bytes};
  RingReader reader_{memory(), ring_bytes};
};

TEST_F(ShmRing, EmptyRingHasNothing) {
  EXPECT_FALSE(reader_.pending());
  EXPECT_EQ(take(0), -1);
}

TEST_F(ShmRing, RecordsComeOutInOrderWithTheirKinds) {
  ASSERT_TRUE(put(1, 1, RecordKind::frame));
  ASSERT_TRUE(put(200, 2, RecordKind::more));
  ASSERT_TRUE(put(60, 3, RecordKind::remote));
  for (const auto& [kind, count, value] : {std::tuple{RecordKind::frame, 1, 1},
                                           {RecordKind::more, 200, 2},
                                           {RecordKind::remote, 60, 3}}) {
    const auto next = reader_.next();
    ASSERT_TRUE(next.ok() && next.value());
    EXPECT_EQ(next.value()->kind, kind);
    EXPECT_EQ(take(value), count);
  }
  EXPECT_FALSE(reader_.pending());
}

TEST_F(ShmRing, FullRingTakesNoMoreUntilTheReaderHasTaken) {
  int written = 0;
  while (put(60, written)) ++written;
  EXPECT_EQ(written, static_cast<int>(ring_bytes / line_bytes) - 1) << "one line stays clear";
  EXPECT_FALSE(writer_.has_room());
  for (int i = 0; i < written; ++i) EXPECT_EQ(take(i), 60);
  EXPECT_EQ(take(0), -1);
  reader_.show_taken(true);
  EXPECT_TRUE(writer_.has_room());
  EXPECT_TRUE(put(writer_.most_content(), 9));
}

TEST_F(ShmRing, SenderThatWantsRoomIsToldOnce) {
  while (put(60, 1)) {
  }
  writer_.want_room();
  ASSERT_EQ(take(1), 60);
  EXPECT_TRUE(reader_.show_taken(true));
  ASSERT_EQ(take(1), 60);
  EXPECT_FALSE(reader_.show_taken(true));
}

// Every length at every offset, many times around, with the ring as full and as empty as it gets.
TEST_F(ShmRing, AnyLengthsManyTimesAround) {
  std::mt19937 random(7);
  std::vector<int> lengths;
  std::size_t next_out = 0;
  for (int i = 0; i < 200'000; ++i) {
    const bool small = random() % 3 != 0;
    const auto count = static_cast<int>(random() % (small ? 70 : writer_.most_content() + 1));
    if (random() % 2 == 0 &&
        put(static_cast<std::size_t>(count), static_cast<int>(lengths.size()) & 0xff))
      lengths.push_back(count);
    if (random() % 2 == 0 && next_out < lengths.size()) {
      ASSERT_EQ(take(static_cast<int>(next_out) & 0xff), lengths[next_out]) << next_out;
      ++next_out;
    }
  }
  while (next_out < lengths.size()) {
    ASSERT_EQ(take(static_cast<int>(next_out) & 0xff), lengths[next_out]);
    ++next_out;
  }
  EXPECT_EQ(take(0), -1);
  EXPECT_GT(next_out, 50'000u);
}

TEST_F(ShmRing, MarksThatNobodyWritesAreLies) {
  for (const std::uint32_t lie : {1u, 5u << 24, 1u << 24 | 4093u, 4u << 24, 4u << 24 | 8u}) {
    word(memory() + pair_page::ring).store(lie);
    EXPECT_FALSE(reader_.next().ok()) << lie;
  }
}

TEST_F(ShmRing, ReaderThatClaimsTooMuchIsFoundOut) {
  ASSERT_TRUE(put(60, 1));
  word(memory() + pair_page::taken).store(0x80000000u);
  while (put(60, 1)) {
  }
  EXPECT_TRUE(writer_.broken());
}

}  // namespace
}  // namespace prun::transport::shm
