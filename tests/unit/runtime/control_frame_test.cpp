#include "runtime/bootstrap/control_frame.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prun::bootstrap {
namespace {

using Bytes = std::vector<std::byte>;

Bytes length_field(std::uint32_t length) {
  Bytes bytes(4);
  wire::store_little(bytes.data(), length);
  return bytes;
}

void append(Bytes& to, const Bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

TEST(ControlFrame, BytesAreFixed) {
  // Length 5: the kind and one u32, little-endian.
  const std::vector<int> expected{5, 0, 0, 0, 8, 0x78, 0x56, 0x34, 0x12};
  const Bytes frame = encode_frame(OutputCredit{0x12345678});
  ASSERT_EQ(frame.size(), expected.size());
  for (std::size_t i = 0; i < frame.size(); ++i)
    EXPECT_EQ(static_cast<int>(frame[i]), expected[i]) << i;
}

TEST(ControlParser, ByteByByte) {
  Bytes stream = encode_frame(RankDone{7});
  append(stream, encode_frame(Start{}));
  append(stream, encode_frame(RankDone{8}));
  ControlParser parser;
  std::vector<ControlKind> kinds;
  for (const auto byte : stream) {
    parser.feed({&byte, 1});
    for (;;) {
      const auto frame = parser.next();
      ASSERT_TRUE(frame.ok());
      if (!frame.value()) break;
      kinds.push_back(frame.value()->kind);
    }
  }
  EXPECT_EQ(kinds,
            (std::vector{ControlKind::rank_done, ControlKind::start, ControlKind::rank_done}));
}

TEST(ControlParser, ManyFramesAtOnceKeepTheirBodies) {
  Bytes stream;
  for (std::uint32_t rank = 0; rank < 1000; ++rank) append(stream, encode_frame(RankDone{rank}));
  ControlParser parser;
  parser.feed(stream);
  for (std::uint32_t rank = 0; rank < 1000; ++rank) {
    const auto frame = parser.next();
    ASSERT_TRUE(frame.ok() && frame.value());
    const auto done = decode_frame<RankDone>(*frame.value());
    ASSERT_TRUE(done.ok());
    EXPECT_EQ(done.value().rank, rank);
  }
  EXPECT_FALSE(parser.next().value());
}

TEST(ControlParser, AFrameMustHaveAKind) {
  ControlParser parser;
  parser.feed(length_field(0));
  EXPECT_FALSE(parser.next().ok());
}

TEST(ControlParser, LengthsUpToTheLimitAndNotBeyond) {
  ControlParser longest;
  longest.feed(length_field(wire::max_control_frame_bytes));
  ASSERT_TRUE(longest.next().ok());
  longest.feed(Bytes(wire::max_control_frame_bytes - 1));
  EXPECT_FALSE(longest.next().value());
  longest.feed(Bytes(1));
  ASSERT_TRUE(longest.next().value());

  for (const std::uint32_t length :
       {static_cast<std::uint32_t>(wire::max_control_frame_bytes + 1), 0x7fffffffU, 0xffffffffU}) {
    ControlParser parser;
    parser.feed(length_field(length));
    EXPECT_FALSE(parser.next().ok()) << length;
  }
}

TEST(ControlParser, KindsNobodyKnowsAreHandedOutAsTheyAre) {
  ControlParser parser;
  Bytes stream = length_field(1);
  stream.push_back(std::byte{250});
  parser.feed(stream);
  const auto frame = parser.next();
  ASSERT_TRUE(frame.ok() && frame.value());
  EXPECT_EQ(static_cast<int>(frame.value()->kind), 250);
  EXPECT_TRUE(frame.value()->body.empty());
}

TEST(AgentGreeting, StandsAloneOnItsLineWithTheNumberOfTheProtocol) {
  EXPECT_EQ(agent_greeting,
            "\nprun-agent " + std::to_string(wire::control_protocol_version) + "\n");
}

}  // namespace
}  // namespace prun::bootstrap
