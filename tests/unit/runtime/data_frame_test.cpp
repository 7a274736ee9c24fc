#include "runtime/wire/data_frame.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::wire {
namespace {

constexpr std::size_t kind_at = 1;
constexpr std::size_t flag_at = 2;
constexpr std::size_t size_at = 4;
constexpr std::size_t tag_at = 12;
constexpr std::size_t count_at = 16;

using Bytes = std::vector<std::byte>;

Envelope some_envelope() {
  return {0xa1b2c3d4, 77, 100, {Kind::record, 24, 0x1122334455667788}};
}

Frame frame_of(FrameKind kind) {
  Frame frame;
  frame.kind = kind;
  switch (kind) {
    case FrameKind::rts:
      frame.flag = true;
      frame.send_id = 0xfedcba9876543210;
      [[fallthrough]];
    case FrameKind::eager:
      frame.envelope = some_envelope();
      break;
    case FrameKind::cts:
      frame.flag = true;
      frame.send_id = 5;
      break;
    case FrameKind::data:
      frame.length = 1234;
      frame.send_id = 6;
      break;
    case FrameKind::lz4_data:
      frame.length = 65536;
      frame.packed_length = 65535;
      frame.history = 65536;
      frame.send_id = 7;
      break;
    case FrameKind::credit:
      frame.envelopes = 9;
      frame.credit_bytes = std::uint64_t{1} << 40;
      break;
    case FrameKind::eager_again:
    case FrameKind::stalled:
    case FrameKind::bye:
      break;
  }
  return frame;
}

const std::vector<FrameKind> kinds{FrameKind::eager, FrameKind::rts,     FrameKind::cts,
                                   FrameKind::data,  FrameKind::credit,  FrameKind::stalled,
                                   FrameKind::bye,   FrameKind::lz4_data};

Bytes encoded(const Frame& frame, const Envelope* previous = nullptr) {
  const EncodedHeader header = encode_header(frame, previous);
  return {header.view().begin(), header.view().end()};
}

void expect_same(const Frame& got, const Frame& wanted) {
  EXPECT_EQ(got.kind, wanted.kind);
  EXPECT_EQ(got.flag, wanted.flag);
  EXPECT_EQ(got.envelope, wanted.envelope);
  EXPECT_EQ(got.send_id, wanted.send_id);
  EXPECT_EQ(got.length, wanted.length);
  EXPECT_EQ(got.packed_length, wanted.packed_length);
  EXPECT_EQ(got.history, wanted.history);
  EXPECT_EQ(got.envelopes, wanted.envelopes);
  EXPECT_EQ(got.credit_bytes, wanted.credit_bytes);
}

// Decodes; the test fails if that is no failure.
std::string complaint(const Bytes& bytes, const Envelope* previous = nullptr) {
  const auto decoded = decode_header(bytes, previous);
  if (decoded.ok()) {
    ADD_FAILURE() << "was believed";
    return {};
  }
  EXPECT_EQ(decoded.failure().code, Errc::bad_data);
  return decoded.failure().text;
}

bool believed(const Bytes& bytes) {
  const auto decoded = decode_header(bytes, nullptr);
  return decoded.ok() && decoded.value().has_value();
}

template <class Unsigned>
Bytes with(Bytes bytes, std::size_t at, Unsigned value) {
  store_little(bytes.data() + at, value);
  return bytes;
}

TEST(DataFrame, EveryKindComesBackAsItWas) {
  for (const FrameKind kind : kinds) {
    SCOPED_TRACE(static_cast<int>(kind));
    const Frame frame = frame_of(kind);
    const Bytes bytes = encoded(frame);
    const auto decoded = decode_header(bytes, nullptr);
    ASSERT_TRUE(decoded.ok());
    ASSERT_TRUE(decoded.value());
    EXPECT_EQ(decoded.value()->header_bytes, bytes.size());
    expect_same(decoded.value()->frame, frame);
  }
}

TEST(DataFrame, HeadersHaveTheirDocumentedLengths) {
  EXPECT_EQ(encoded(frame_of(FrameKind::eager)).size(), 32u);
  EXPECT_EQ(encoded(frame_of(FrameKind::rts)).size(), 40u);
  EXPECT_EQ(encoded(frame_of(FrameKind::cts)).size(), 16u);
  EXPECT_EQ(encoded(frame_of(FrameKind::data)).size(), 16u);
  EXPECT_EQ(encoded(frame_of(FrameKind::lz4_data)).size(), 24u);
  EXPECT_EQ(encoded(frame_of(FrameKind::credit)).size(), 16u);
  EXPECT_EQ(encoded(frame_of(FrameKind::stalled)).size(), 8u);
  EXPECT_EQ(encoded(frame_of(FrameKind::bye)).size(), 8u);
}

TEST(DataFrame, EveryTruncationAsksForMore) {
  for (const FrameKind kind : kinds) {
    const Bytes bytes = encoded(frame_of(kind));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode_header(std::span(bytes).first(length), nullptr);
      ASSERT_TRUE(decoded.ok()) << static_cast<int>(kind) << " cut to " << length;
      EXPECT_FALSE(decoded.value()) << static_cast<int>(kind) << " cut to " << length;
    }
  }
}

TEST(DataFrame, WhatFollowsTheHeaderIsLeftAlone) {
  Bytes bytes = encoded(frame_of(FrameKind::cts));
  bytes.resize(100, std::byte{0xff});
  const auto decoded = decode_header(bytes, nullptr);
  ASSERT_TRUE(decoded.ok() && decoded.value());
  EXPECT_EQ(decoded.value()->header_bytes, 16u);
}

TEST(DataFrame, PayloadBytesAreThoseThatFollow) {
  EXPECT_EQ(frame_of(FrameKind::eager).payload_bytes(), 2400u);
  EXPECT_EQ(frame_of(FrameKind::data).payload_bytes(), 1234u);
  EXPECT_EQ(frame_of(FrameKind::lz4_data).payload_bytes(), 65535u);
  EXPECT_EQ(frame_of(FrameKind::rts).payload_bytes(), 0u);
  EXPECT_EQ(frame_of(FrameKind::credit).payload_bytes(), 0u);
}

TEST(DataFrame, RepeatedEnvelopeShrinksToOneByte) {
  const Frame frame = frame_of(FrameKind::eager);
  const Bytes bytes = encoded(frame, &frame.envelope);
  ASSERT_EQ(bytes, Bytes{std::byte{2}});
  const auto decoded = decode_header(bytes, &frame.envelope);
  ASSERT_TRUE(decoded.ok() && decoded.value());
  EXPECT_EQ(decoded.value()->header_bytes, 1u);
  expect_same(decoded.value()->frame, frame);
}

TEST(DataFrame, EnvelopeThatDiffersInAnyFieldIsWrittenOut) {
  const Frame frame = frame_of(FrameKind::eager);
  for (int field = 0; field < 6; ++field) {
    Envelope previous = frame.envelope;
    switch (field) {
      case 0:
        ++previous.context;
        break;
      case 1:
        ++previous.tag;
        break;
      case 2:
        ++previous.count;
        break;
      case 3:
        previous.type.kind = Kind::serialized;
        break;
      case 4:
        ++previous.type.size;
        break;
      default:
        ++previous.type.name_hash;
        break;
    }
    EXPECT_EQ(encoded(frame, &previous).size(), 32u) << "field " << field;
  }
}

TEST(DataFrame, RtsIsNeverShortened) {
  const Frame frame = frame_of(FrameKind::rts);
  EXPECT_EQ(encoded(frame, &frame.envelope).size(), 40u);
}

TEST(DataFrame, RepetitionOfNothingIsRefused) {
  EXPECT_EQ(complaint({std::byte{2}}), "data frame that repeats an envelope before there was one");
}

TEST(DataFrame, UnknownKindIsRefusedAtItsFirstByte) {
  EXPECT_EQ(complaint({std::byte{0}}), "data frame of an unknown kind 0");
  EXPECT_EQ(complaint({std::byte{10}}), "data frame of an unknown kind 10");
  EXPECT_EQ(complaint({std::byte{255}}), "data frame of an unknown kind 255");
}

TEST(DataFrame, UnknownElementKindIsRefused) {
  for (const FrameKind kind : {FrameKind::eager, FrameKind::rts}) {
    const Bytes good = encoded(frame_of(kind));
    EXPECT_EQ(complaint(with(good, kind_at, std::uint8_t{0})),
              "data frame of an unknown element kind 0");
    EXPECT_TRUE(believed(with(good, kind_at, std::uint8_t{1})));
    EXPECT_TRUE(believed(with(good, kind_at, std::uint8_t{9})));
    EXPECT_EQ(complaint(with(good, kind_at, std::uint8_t{10})),
              "data frame of an unknown element kind 10");
  }
}

TEST(DataFrame, ElementsOfNoSizeAreRefused) {
  for (const FrameKind kind : {FrameKind::eager, FrameKind::rts}) {
    EXPECT_EQ(complaint(with(encoded(frame_of(kind)), size_at, std::uint32_t{0})),
              "data frame with elements of no size");
  }
}

TEST(DataFrame, NegativeTagIsRefused) {
  for (const FrameKind kind : {FrameKind::eager, FrameKind::rts}) {
    const Bytes good = encoded(frame_of(kind));
    EXPECT_TRUE(believed(with(good, tag_at, std::uint32_t{0x7fffffff})));
    EXPECT_EQ(complaint(with(good, tag_at, std::uint32_t{0x80000000})),
              "data frame with a negative tag");
    EXPECT_EQ(complaint(with(good, tag_at, std::uint32_t{0xffffffff})),
              "data frame with a negative tag");
  }
}

TEST(DataFrame, PayloadIsHeldAgainstTheLimitOfItsKind) {
  const auto sized = [](FrameKind kind, std::uint64_t count, std::uint32_t size) {
    return with(with(encoded(frame_of(kind)), size_at, size), count_at, count);
  };
  EXPECT_TRUE(believed(sized(FrameKind::eager, 0, 24)));
  EXPECT_TRUE(believed(sized(FrameKind::eager, max_eager_bytes, 1)));
  EXPECT_EQ(complaint(sized(FrameKind::eager, max_eager_bytes + 1, 1)),
            "data frame of 1048577 elements of 1 bytes, more than its kind may carry");
  EXPECT_TRUE(believed(sized(FrameKind::eager, max_eager_bytes / 8, 8)));
  EXPECT_EQ(complaint(sized(FrameKind::eager, max_eager_bytes / 8 + 1, 8)),
            "data frame of 131073 elements of 8 bytes, more than its kind may carry");
  EXPECT_TRUE(believed(sized(FrameKind::rts, max_message_bytes, 1)));
  EXPECT_EQ(complaint(sized(FrameKind::rts, max_message_bytes + 1, 1)),
            "data frame of 70368744177665 elements of 1 bytes, more than its kind may carry");
}

TEST(DataFrame, ProductThatWrapsIsRefused) {
  for (const FrameKind kind : {FrameKind::eager, FrameKind::rts}) {
    const Bytes good = encoded(frame_of(kind));
    // 2^62 x 4 and 2^32 x 2^32 wrap to nothing.
    EXPECT_EQ(
        complaint(with(with(good, size_at, std::uint32_t{4}), count_at, std::uint64_t{1} << 62)),
        "data frame of 4611686018427387904 elements of 4 bytes, more than its kind may carry");
    EXPECT_EQ(
        complaint(
            with(with(good, size_at, std::uint32_t{1} << 31), count_at, std::uint64_t{1} << 33)),
        "data frame of 8589934592 elements of 2147483648 bytes, more than its kind may carry");
    EXPECT_EQ(complaint(with(good, count_at, std::numeric_limits<std::uint64_t>::max())),
              "data frame of 18446744073709551615 elements of 24 bytes, more than its kind may "
              "carry");
  }
}

TEST(DataFrame, SegmentLengthIsHeldAgainstItsLimits) {
  const Bytes good = encoded(frame_of(FrameKind::data));
  EXPECT_EQ(complaint(with(good, size_at, std::uint32_t{0})),
            "data frame with a segment of 0 bytes");
  EXPECT_TRUE(believed(with(good, size_at, std::uint32_t{1})));
  EXPECT_TRUE(believed(with(good, size_at, static_cast<std::uint32_t>(max_data_segment_bytes))));
  EXPECT_EQ(complaint(with(good, size_at, static_cast<std::uint32_t>(max_data_segment_bytes + 1))),
            "data frame with a segment of 1048577 bytes");
  EXPECT_EQ(complaint(with(good, size_at, std::numeric_limits<std::uint32_t>::max())),
            "data frame with a segment of 4294967295 bytes");
}

TEST(DataFrame, CompressedSegmentsAreHeldAgainstTheirLimits) {
  constexpr std::size_t packed_at = 4;
  constexpr std::size_t length_at = 16;
  constexpr std::size_t history_at = 20;
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  const Bytes good = encoded(frame_of(FrameKind::lz4_data));
  ASSERT_TRUE(believed(good));
  EXPECT_EQ(complaint(with(good, length_at, std::uint32_t{0})),
            "data frame with a compressed segment of 0 bytes");
  EXPECT_EQ(complaint(with(good, length_at, std::uint32_t{65537})),
            "data frame with a compressed segment of 65537 bytes");
  EXPECT_EQ(complaint(with(good, length_at, most)),
            "data frame with a compressed segment of 4294967295 bytes");
  EXPECT_EQ(complaint(with(good, packed_at, std::uint32_t{0})),
            "data frame with 0 bytes that stand for 65536");
  EXPECT_TRUE(believed(with(good, packed_at, std::uint32_t{1})));
  EXPECT_EQ(complaint(with(good, packed_at, std::uint32_t{65536})),
            "data frame with 65536 bytes that stand for 65536");
  EXPECT_EQ(complaint(with(good, packed_at, most)),
            "data frame with 4294967295 bytes that stand for 65536");
  EXPECT_TRUE(believed(with(good, history_at, std::uint32_t{0})));
  EXPECT_EQ(complaint(with(good, history_at, std::uint32_t{65537})),
            "data frame that refers to the 65537 bytes before it");
  EXPECT_EQ(complaint(with(good, history_at, most)),
            "data frame that refers to the 4294967295 bytes before it");
}

TEST(DataFrame, UnknownFlagIsRefused) {
  EXPECT_TRUE(believed(with(encoded(frame_of(FrameKind::rts)), flag_at, std::uint8_t{0})));
  EXPECT_EQ(complaint(with(encoded(frame_of(FrameKind::rts)), flag_at, std::uint8_t{2})),
            "data frame with an unknown flag");
  EXPECT_TRUE(believed(with(encoded(frame_of(FrameKind::cts)), 1, std::uint8_t{0})));
  EXPECT_EQ(complaint(with(encoded(frame_of(FrameKind::cts)), 1, std::uint8_t{2})),
            "data frame with an unknown flag");
}

// Whatever the bytes, the answer is a frame, a failure, or a wish for more; never more payload than
// a limit allows.
TEST(DataFrame, EveryAlteredByteIsDecodedOrRefused) {
  const Envelope previous = some_envelope();
  for (const FrameKind kind : kinds) {
    const Bytes good = encoded(frame_of(kind));
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        const auto decoded =
            decode_header(with(good, at, static_cast<std::uint8_t>(value)), &previous);
        if (!decoded.ok()) {
          EXPECT_TRUE(decoded.failure().text.starts_with("data frame ")) << decoded.failure().text;
        } else if (decoded.value()) {
          EXPECT_LE(decoded.value()->frame.payload_bytes(), max_eager_bytes);
          EXPECT_LE(decoded.value()->header_bytes, max_header_bytes);
        }
      }
    }
  }
}

}  // namespace
}  // namespace prun::wire
