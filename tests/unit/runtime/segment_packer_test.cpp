// Compressed segments from the outbox of one rank to the memory of another.

#include "runtime/transport/tcp/segment_packer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/transport/tcp/segment_unpacker.hpp"
#include "runtime/transport/tcp/tcp_outbox.hpp"

namespace prun::transport {
namespace {

using core::CompressionMode;
using wire::Frame;
using wire::FrameKind;
using Bytes = std::vector<std::byte>;

Bytes text(std::size_t count, unsigned seed = 1) {
  std::minstd_rand random(seed);
  Bytes bytes;
  while (bytes.size() < count) {
    for (const char c : "word " + std::to_string(random() % 500) + ' ')
      bytes.push_back(static_cast<std::byte>(c));
  }
  bytes.resize(count);
  return bytes;
}

Bytes noise(std::size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

struct Bulk : BulkSend {
  Bulk(std::uint64_t id, Bytes its_bytes) : bytes(std::move(its_bytes)) {
    peer = 0;
    send_id = id;
    payload = bytes;
  }
  Bytes bytes;
};

// The far end: takes bytes off an outbox, and puts messages into places of exactly their length.
class FarEnd {
 public:
  explicit FarEnd(TcpOutbox& outbox) : outbox_(outbox) {}

  void expect(std::uint64_t id, std::size_t bytes) {
    messages_[id].place = std::make_unique<std::byte[]>(bytes);
    messages_[id].bytes = bytes;
  }

  BulkSend* take(std::size_t most) {
    std::array<iovec, TcpOutbox::pieces> pieces;
    const std::size_t count = outbox_.gather(pieces);
    std::size_t offered = 0;
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* data = static_cast<const std::byte*>(pieces[i].iov_base);
      const std::size_t part = std::min(most - taken, pieces[i].iov_len);
      stream_.insert(stream_.end(), data, data + part);
      taken += part;
      offered += pieces[i].iov_len;
    }
    return outbox_.written(taken, taken == offered);
  }

  void take_all(std::size_t at_a_time) {
    while (!outbox_.empty()) take(at_a_time);
  }

  // Reads what was taken. False if the stream ends inside a frame.
  bool read() {
    std::span<const std::byte> rest = std::span<const std::byte>(stream_).subspan(read_);
    while (!rest.empty()) {
      const auto decoded = wire::decode_header(rest, nullptr);
      if (!decoded.ok()) {
        ADD_FAILURE() << decoded.failure().text;
        return false;
      }
      if (!decoded.value()) return false;
      const Frame& frame = decoded.value()->frame;
      const std::size_t length =
          decoded.value()->header_bytes + static_cast<std::size_t>(frame.payload_bytes());
      if (length > rest.size()) return false;
      take_frame(frame, rest.first(length).subspan(decoded.value()->header_bytes));
      rest = rest.subspan(length);
      read_ += length;
    }
    return true;
  }

  Bytes message(std::uint64_t id) const {
    const Message& message = messages_.at(id);
    EXPECT_EQ(message.received, message.bytes);
    return {message.place.get(), message.place.get() + message.received};
  }
  // Throws away what comes of it from now on.
  void lose(std::uint64_t id) {
    messages_.at(id).lost = true;
    messages_.at(id).place.reset();
  }

  std::size_t taken() const { return stream_.size(); }
  int compressed() const { return compressed_; }
  int plain() const { return plain_; }
  std::size_t longest_segment() const { return longest_segment_; }

 private:
  struct Message {
    std::unique_ptr<std::byte[]> place;
    std::size_t bytes = 0;
    std::size_t received = 0;
    bool lost = false;
  };

  void take_frame(const Frame& frame, std::span<const std::byte> payload) {
    if (frame.kind != FrameKind::data && frame.kind != FrameKind::lz4_data) return;
    ++(frame.kind == FrameKind::data ? plain_ : compressed_);
    longest_segment_ = std::max(longest_segment_, payload.size());
    Message& to = messages_.at(frame.send_id);
    ASSERT_LE(frame.length, to.bytes - to.received);
    const auto place = unpacker_.begin(frame, to.lost ? nullptr : to.place.get() + to.received);
    ASSERT_TRUE(place.ok()) << place.failure().text;
    if (place.value() != nullptr) std::copy(payload.begin(), payload.end(), place.value());
    const auto ended = unpacker_.end();
    ASSERT_TRUE(ended.ok()) << ended.failure().text;
    to.received += frame.length;
  }

  TcpOutbox& outbox_;
  SegmentUnpacker unpacker_;
  Bytes stream_;
  std::size_t read_ = 0;
  std::map<std::uint64_t, Message> messages_;
  int compressed_ = 0;
  int plain_ = 0;
  std::size_t longest_segment_ = 0;
};

struct CompressedOutbox : testing::Test {
  CompressedOutbox() { outbox.set_packer(std::make_unique<SegmentPacker>(CompressionMode::lz4)); }
  TcpOutbox outbox;
  FarEnd far{outbox};
};

TEST_F(CompressedOutbox, TextShrinksAndComesBack) {
  Bulk bulk(1, text(61 * largest_block_bytes + 100));
  far.expect(1, bulk.bytes.size());
  outbox.add_bulk(bulk);
  far.take_all(1u << 30);
  ASSERT_TRUE(far.read());
  EXPECT_TRUE(far.message(1) == bulk.bytes);
  EXPECT_LT(far.taken(), bulk.bytes.size() / 2);
  EXPECT_EQ(far.plain(), 1) << "the few bytes at its end";
}

TEST_F(CompressedOutbox, NoiseGoesAsItIsAndNoLonger) {
  Bulk bulk(1, noise(1'000'000));
  far.expect(1, bulk.bytes.size());
  outbox.add_bulk(bulk);
  far.take_all(1u << 30);
  ASSERT_TRUE(far.read());
  EXPECT_TRUE(far.message(1) == bulk.bytes);
  EXPECT_EQ(far.compressed(), 0);
  EXPECT_LT(far.taken(), bulk.bytes.size() + 20 * static_cast<std::size_t>(far.plain()));
}

// What a small frame may have to wait for.
TEST_F(CompressedOutbox, NoSegmentIsLongerThanAPlainOne) {
  Bytes mixed = text(300'000);
  const Bytes middle = noise(300'000);
  mixed.insert(mixed.begin() + 150'000, middle.begin(), middle.end());
  Bulk bulk(1, mixed);
  far.expect(1, mixed.size());
  outbox.add_bulk(bulk);
  far.take_all(5'000);
  ASSERT_TRUE(far.read());
  EXPECT_TRUE(far.message(1) == mixed);
  EXPECT_GT(far.compressed(), 0);
  EXPECT_GT(far.plain(), 0);
  EXPECT_LE(far.longest_segment(), TcpOutbox::smallest_segment);
}

TEST_F(CompressedOutbox, StreamIsWholeHoweverFewBytesAreTakenAtATime) {
  for (const std::size_t k : {1u, 7u, 100u, 1000u, 4096u, 20'000u}) {
    TcpOutbox own;
    own.set_packer(std::make_unique<SegmentPacker>(CompressionMode::lz4));
    FarEnd end(own);
    Bulk first(1, text(50'000, 1));
    Bulk second(2, text(40'000, 2));
    end.expect(1, first.bytes.size());
    end.expect(2, second.bytes.size());
    own.add_bulk(first);
    own.add_bulk(second);
    Frame small;
    small.kind = FrameKind::stalled;
    for (int i = 0; !own.empty(); ++i) {
      if (i < 20) own.add(small, {});
      end.take(k);
    }
    ASSERT_TRUE(end.read()) << k;
    EXPECT_TRUE(end.message(1) == first.bytes) << k;
    EXPECT_TRUE(end.message(2) == second.bytes) << k;
  }
}

// The rest of a forgotten payload follows from other memory, wherever the cut falls.
TEST_F(CompressedOutbox, ForgetKeepsTheStreamWhole) {
  for (std::size_t cut = 0; cut < 30'000; cut += 211) {
    for (const bool another_waits : {false, true}) {
      TcpOutbox own;
      own.set_packer(std::make_unique<SegmentPacker>(CompressionMode::lz4));
      FarEnd end(own);
      auto original = std::make_unique<Bulk>(1, text(100'000));
      Bulk other(2, text(30'000, 2));
      end.expect(1, 100'000);
      end.expect(2, 30'000);
      own.add_bulk(*original);
      if (another_waits) own.add_bulk(other);
      while (end.taken() < cut) end.take(std::min<std::size_t>(cut - end.taken(), 3'000));
      own.forget(*original);
      Bulk rest(1, original->bytes);
      rest.sent = original->sent;
      std::fill(original->bytes.begin(), original->bytes.end(), std::byte{0xee});
      original.reset();
      if (!another_waits) own.add_bulk(other);
      own.add_bulk(rest);
      end.take_all(4'000);
      ASSERT_TRUE(end.read()) << cut;
      ASSERT_TRUE(end.message(1) == rest.bytes) << cut;
      ASSERT_TRUE(end.message(2) == other.bytes) << cut;
    }
  }
}

TEST_F(CompressedOutbox, WhatIsThrownAwayDoesNotHurtTheNext) {
  Bulk first(1, text(100'000, 1));
  Bulk second(2, text(100'000, 2));
  far.expect(1, first.bytes.size());
  far.expect(2, second.bytes.size());
  outbox.add_bulk(first);
  outbox.add_bulk(second);
  far.take(20'000);
  far.read();
  far.lose(1);
  far.take_all(20'000);
  ASSERT_TRUE(far.read());
  EXPECT_TRUE(far.message(2) == second.bytes);
}

// --- lies

Frame compressed_frame(std::uint64_t id, std::size_t packed, std::size_t length,
                       std::size_t history) {
  Frame frame;
  frame.kind = FrameKind::lz4_data;
  frame.send_id = id;
  frame.packed_length = static_cast<std::uint32_t>(packed);
  frame.length = static_cast<std::uint32_t>(length);
  frame.history = static_cast<std::uint32_t>(history);
  return frame;
}

Frame plain_frame(std::uint64_t id, std::size_t length) {
  Frame frame;
  frame.kind = FrameKind::data;
  frame.send_id = id;
  frame.length = static_cast<std::uint32_t>(length);
  return frame;
}

TEST(SegmentUnpacker, HistoryIsHeldAgainstWhatIsInPlace) {
  Bytes place(1000);
  SegmentUnpacker unpacker;
  EXPECT_FALSE(unpacker.begin(compressed_frame(1, 10, 100, 1), place.data()).ok());
  ASSERT_TRUE(unpacker.begin(plain_frame(1, 100), place.data()).ok());
  ASSERT_TRUE(unpacker.end().ok());
  EXPECT_TRUE(unpacker.begin(compressed_frame(1, 10, 100, 100), place.data() + 100).ok());
  const auto lie = unpacker.begin(compressed_frame(1, 10, 100, 101), place.data() + 100);
  ASSERT_FALSE(lie.ok());
  EXPECT_EQ(lie.failure().text,
            "sent a compressed segment that refers to 101 bytes of its message, 100 of which are "
            "here");
  EXPECT_FALSE(unpacker.begin(compressed_frame(2, 10, 100, 1), place.data() + 100).ok())
      << "another message";
}

TEST(SegmentUnpacker, WhatDoesNotUnpackEndsIt) {
  Bytes place(100);
  SegmentUnpacker unpacker;
  const auto here = unpacker.begin(compressed_frame(1, 20, 100, 0), place.data());
  ASSERT_TRUE(here.ok());
  std::fill_n(here.value(), 20, std::byte{0xff});
  const auto ended = unpacker.end();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.failure().text,
            "sent a compressed segment that does not unpack to its 100 bytes");
}

TEST(SegmentUnpacker, NobodyLooksIntoWhatIsThrownAway) {
  SegmentUnpacker unpacker;
  EXPECT_EQ(unpacker.begin(compressed_frame(1, 20, 100, 50), nullptr).value(), nullptr);
  EXPECT_TRUE(unpacker.end().ok());
  auto place = std::make_unique<Bytes>(100);
  ASSERT_TRUE(unpacker.begin(compressed_frame(2, 20, 100, 0), place->data()).ok());
  unpacker.discard();
  place.reset();
  EXPECT_TRUE(unpacker.end().ok());
}

}  // namespace
}  // namespace prun::transport
