#include "tests/conformance/transport_suite.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/wire/limits.hpp"

namespace prun::test {
namespace {

using transport::BulkSend;
using transport::WorldRank;
using wire::Frame;
using wire::FrameKind;
using Bytes = std::vector<std::byte>;

constexpr std::size_t megabyte = std::size_t{1} << 20;

Bytes pattern(std::size_t count, unsigned seed) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>((i * 31 + (i >> 8) * 17 + (i >> 16) * 5 + seed) & 0xff);
  return bytes;
}

// Nothing that compresses.
Bytes noise(std::size_t count) {
  std::minstd_rand random(1);
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 11 & 0xff);
  return bytes;
}

Frame eager(std::int32_t tag, std::size_t bytes) {
  Frame frame;
  frame.kind = FrameKind::eager;
  frame.envelope = {1, tag, bytes, {}};
  return frame;
}

Frame stalled() {
  Frame frame;
  frame.kind = FrameKind::stalled;
  return frame;
}

struct Bulk : BulkSend {
  Bulk(WorldRank to, std::uint64_t id, Bytes its_bytes) : bytes(std::move(its_bytes)) {
    peer = to;
    send_id = id;
    payload = bytes;
  }
  Bytes bytes;
};

class TransportSuite : public testing::TestWithParam<TransportCase> {
 protected:
  void SetUp() override { descriptors_ = open_descriptors(); }
  void TearDown() override {
    net_.reset();
    EXPECT_EQ(open_descriptors(), descriptors_) << "descriptors are left open";
  }

  // Ranks 0 and last(): two ranks, or one and the same.
  TransportNet& pair() { return make(GetParam().alone ? 1 : 2); }
  TransportNet& make(int ranks) {
    net_.reset();
    net_ = GetParam().make(ranks);
    return *net_;
  }

  void send(WorldRank from, WorldRank to, std::int32_t tag, const Bytes& payload) {
    net_->transport(from).send_frame(to, eager(tag, payload.size()), payload);
  }

  std::unique_ptr<TransportNet> net_;

 private:
  std::size_t descriptors_ = 0;
};

// A pair that can part, or whose frames can be caught half way.
class TransportPairSuite : public TransportSuite {};
class TransportPiecesSuite : public TransportSuite {};
// And those whose large payloads can, too: elsewhere, and compressed, a segment is there or not.
class TransportSegmentsSuite : public TransportSuite {};

TEST_P(TransportSuite, FramesArriveWholeAndInOrder) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  for (std::int32_t tag = 0; tag < 500; ++tag) {
    const auto seed = static_cast<unsigned>(tag);
    send(0, to, tag, pattern(seed * 7 % 900, seed));
    if (tag % 50 == 0) net.transport(0).send_frame(to, stalled(), {});
    if (tag % 100 == 0) net.step_all();
  }
  ASSERT_TRUE(net.run_until([&] { return net.receiver(to).arrived_from(0) == 510; }));
  std::int32_t next = 0;
  int others = 0;
  for (const auto& arrived : net.receiver(to).arrived()) {
    if (arrived.frame.kind == FrameKind::stalled) {
      ++others;
      continue;
    }
    const auto seed = static_cast<unsigned>(next);
    EXPECT_EQ(arrived.frame.envelope.tag, next++);
    EXPECT_EQ(arrived.payload, pattern(seed * 7 % 900, seed));
  }
  EXPECT_EQ(others, 10);
}

TEST_P(TransportSuite, EveryFieldOfAHeaderArrives) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  Frame rts = eager(2147483647, 0);
  rts.kind = FrameKind::rts;
  rts.flag = true;
  rts.envelope = {0xffffffff, 9, std::uint64_t{1} << 30, {Kind::record, 24, 0x123456789abcdef0}};
  rts.send_id = 0xfedcba9876543210;
  Frame cts;
  cts.kind = FrameKind::cts;
  cts.flag = true;
  cts.send_id = 77;
  Frame credit;
  credit.kind = FrameKind::credit;
  credit.envelopes = 0x12345678;
  credit.credit_bytes = std::uint64_t{1} << 40;
  for (const Frame& frame : {rts, cts, credit}) net.transport(0).send_frame(to, frame, {});
  ASSERT_TRUE(net.run_until([&] { return net.receiver(to).arrived().size() == 3; }));
  const auto& arrived = net.receiver(to).arrived();
  EXPECT_EQ(arrived[0].frame.envelope, rts.envelope);
  EXPECT_EQ(arrived[0].frame.send_id, rts.send_id);
  EXPECT_TRUE(arrived[0].frame.flag);
  EXPECT_EQ(arrived[1].frame.send_id, 77u);
  EXPECT_TRUE(arrived[1].frame.flag);
  EXPECT_EQ(arrived[2].frame.envelopes, 0x12345678u);
  EXPECT_EQ(arrived[2].frame.credit_bytes, std::uint64_t{1} << 40);
}

TEST_P(TransportSuite, EmptyAndLargestPayloads) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  const std::vector<std::size_t> sizes{0, 1, wire::max_eager_bytes, 0, wire::max_eager_bytes - 1,
                                       2};
  for (std::size_t i = 0; i < sizes.size(); ++i)
    send(0, to, static_cast<std::int32_t>(i), pattern(sizes[i], static_cast<unsigned>(i)));
  ASSERT_TRUE(net.run_until([&] { return net.receiver(to).arrived().size() == sizes.size(); }));
  for (std::size_t i = 0; i < sizes.size(); ++i)
    EXPECT_TRUE(net.receiver(to).arrived()[i].payload ==
                pattern(sizes[i], static_cast<unsigned>(i)))
        << sizes[i];
}

TEST_P(TransportSuite, PayloadIsTheCallersAgainAtOnce) {
  TransportNet& net = pair();
  Bytes payload = pattern(100'000, 1);
  for (int tag = 0; tag < 20; ++tag) {
    payload = pattern(100'000, static_cast<unsigned>(tag));
    send(0, net.last(), tag, payload);
    std::fill(payload.begin(), payload.end(), std::byte{0xee});
  }
  ASSERT_TRUE(net.run_until([&] { return net.receiver(net.last()).arrived().size() == 20; }));
  for (unsigned i = 0; i < 20; ++i)
    EXPECT_TRUE(net.receiver(net.last()).arrived()[i].payload == pattern(100'000, i)) << i;
}

TEST_P(TransportSuite, BulkArrivesIntactAndIsReportedSentOnce) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{16383},
                                 std::size_t{16385}, megabyte, megabyte + 1, 5 * megabyte + 3}) {
    TransportNet& net = pair();
    const WorldRank to = net.last();
    Bulk bulk(to, 5, pattern(size, 3));
    net.transport(0).send_bulk(bulk);
    ASSERT_TRUE(net.run_until([&] {
      return net.receiver(to).bulk(0, 5).size() >= size && !net.receiver(0).sent().empty();
    }));
    EXPECT_TRUE(net.receiver(to).bulk(0, 5) == bulk.bytes) << size;
    EXPECT_EQ(net.receiver(0).sent(), (std::vector<BulkSend*>{&bulk})) << size;
    for (const auto& arrived : net.receiver(to).arrived()) {
      EXPECT_EQ(arrived.frame.kind, FrameKind::data);
      EXPECT_LE(arrived.frame.length, wire::max_data_segment_bytes);
    }
  }
}

TEST_P(TransportSuite, SeveralBulksAndWhatWasQueuedBefore) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  std::vector<std::unique_ptr<Bulk>> bulks;
  send(0, to, 1, pattern(10, 1));
  for (unsigned i = 0; i < 5; ++i) {
    bulks.push_back(std::make_unique<Bulk>(to, i, pattern(300'000 + i, i)));
    net.transport(0).send_bulk(*bulks.back());
  }
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).sent().size() == 5; }));
  ASSERT_TRUE(net.run_until([&] {
    return std::all_of(bulks.begin(), bulks.end(), [&](const auto& bulk) {
      return net.receiver(to).bulk(0, bulk->send_id) == bulk->bytes;
    });
  }));
  EXPECT_EQ(net.receiver(to).arrived().front().frame.kind, FrameKind::eager)
      << "segments come after every frame queued before them";
}

TEST_P(TransportSuite, SmallFramesOvertakeBulk) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  Bulk bulk(to, 1, pattern(24 * megabyte, 1));
  net.transport(0).send_bulk(bulk);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(to).bulk(0, 1).size() > 0; }));
  ASSERT_LT(bulk.sent, bulk.bytes.size()) << "too small a payload for this test";
  send(0, to, 9, pattern(100, 9));
  ASSERT_TRUE(net.run_until([&] {
    return net.receiver(to).bulk(0, 1).size() == bulk.bytes.size() &&
           !net.receiver(0).sent().empty();
  }));
  const auto& arrived = net.receiver(to).arrived();
  const auto small = std::find_if(arrived.begin(), arrived.end(), [](const auto& frame) {
    return frame.frame.kind == FrameKind::eager;
  });
  ASSERT_NE(small, arrived.end());
  EXPECT_NE(small + 1, arrived.end()) << "it came behind the whole payload";
  EXPECT_EQ(small->payload, pattern(100, 9));
  EXPECT_TRUE(net.receiver(to).bulk(0, 1) == bulk.bytes);
}

TEST_P(TransportSuite, BothDirectionsAtOnce) {
  TransportNet& net = pair();
  const WorldRank other = net.last();
  Bulk there(other, 1, pattern(3 * megabyte, 1));
  Bulk back(0, 2, pattern(3 * megabyte + 1, 2));
  net.transport(0).send_bulk(there);
  net.transport(other).send_bulk(back);
  for (int tag = 0; tag < 200; ++tag) {
    send(0, other, tag, pattern(1000, static_cast<unsigned>(tag)));
    send(other, 0, 1000 + tag, pattern(1000, static_cast<unsigned>(tag)));
    net.step_all();
  }
  const auto small = [&](WorldRank at, std::int32_t base) {
    std::int32_t next = base;
    for (const auto& arrived : net.receiver(at).arrived()) {
      if (arrived.frame.kind != FrameKind::eager ||
          arrived.frame.envelope.tag / 1000 != base / 1000)
        continue;
      EXPECT_EQ(arrived.frame.envelope.tag, next);
      EXPECT_EQ(arrived.payload, pattern(1000, static_cast<unsigned>(next - base)));
      ++next;
    }
    return next - base;
  };
  ASSERT_TRUE(net.run_until([&] {
    return net.receiver(other).bulk(0, 1).size() == there.bytes.size() &&
           net.receiver(0).bulk(other, 2).size() == back.bytes.size() && !there.linked() &&
           !back.linked();
  }));
  EXPECT_TRUE(net.receiver(other).bulk(0, 1) == there.bytes);
  EXPECT_TRUE(net.receiver(0).bulk(other, 2) == back.bytes);
  ASSERT_TRUE(net.run_until([&] { return small(other, 0) == 200 && small(0, 1000) == 200; }));
}

TEST_P(TransportSuite, ForgottenBulkGoesOnFromElsewhere) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  const Bytes expected = pattern(24 * megabyte, 1);
  auto original = std::make_unique<Bulk>(to, 1, expected);
  net.transport(0).send_bulk(*original);
  ASSERT_TRUE(net.run_until([&] { return original->sent > 0; }));
  ASSERT_LT(original->sent, expected.size()) << "too small a payload for this test";
  net.transport(0).forget_bulk(*original);
  Bulk rest(to, 1, original->bytes);
  rest.sent = original->sent;
  original.reset();  // a transport that still reads there is found out by a memory checker
  net.transport(0).send_bulk(rest);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(to).bulk(0, 1).size() >= expected.size(); }));
  EXPECT_TRUE(net.receiver(to).bulk(0, 1) == expected);
  ASSERT_TRUE(net.run_until([&] { return !net.receiver(0).sent().empty(); }));
  EXPECT_EQ(net.receiver(0).sent(), (std::vector<BulkSend*>{&rest}));
}

TEST_P(TransportSuite, BulkForgottenBeforeItBeganIsNeverSent) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  auto forgotten = std::make_unique<Bulk>(to, 1, pattern(1000, 1));
  net.transport(0).send_bulk(*forgotten);
  net.transport(0).forget_bulk(*forgotten);
  EXPECT_EQ(forgotten->sent, 0u);
  forgotten.reset();
  send(0, to, 1, {});
  ASSERT_TRUE(net.run_until([&] { return !net.receiver(to).arrived().empty(); }));
  net.step_all();
  EXPECT_EQ(net.receiver(to).arrived().size(), 1u);
  EXPECT_TRUE(net.receiver(0).sent().empty());
}

TEST_P(TransportSuite, DrainedOnceAllIsThere) {
  TransportNet& net = pair();
  send(0, net.last(), 1, pattern(1000, 1));
  net.transport(0).close();
  ASSERT_TRUE(net.run_until([&] { return net.transport(0).drained(); }));
  ASSERT_TRUE(net.run_until([&] { return net.receiver(net.last()).arrived().size() == 1; }));
}

TEST_P(TransportPiecesSuite, DiscardedPayloadIsThrownAwayAndTheNextAreWhole) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  constexpr std::size_t frames = 12;
  for (std::size_t i = 0; i < frames; ++i)
    send(0, to, static_cast<std::int32_t>(i), pattern(megabyte, static_cast<unsigned>(i)));
  std::size_t discarded = 0;
  ASSERT_TRUE(net.run_until([&] {
    if (net.receiver(to).inside(0) && net.receiver(to).arrived().size() % 2 == 0 &&
        discarded <= net.receiver(to).arrived().size()) {
      net.receiver(to).take_place_away(0);
      net.transport(to).discard_arriving(0);
      discarded = net.receiver(to).arrived().size() + 1;
    }
    return net.receiver(to).arrived().size() == frames;
  }));
  EXPECT_GT(discarded, 0u) << "no frame was caught half way";
  for (std::size_t i = 0; i < frames; ++i) {
    const auto& arrived = net.receiver(to).arrived()[i];
    EXPECT_EQ(arrived.frame.envelope.tag, static_cast<std::int32_t>(i));
    if (!arrived.discarded) {
      EXPECT_TRUE(arrived.payload == pattern(megabyte, static_cast<unsigned>(i))) << i;
    }
  }
}

TEST_P(TransportSegmentsSuite, DiscardedBulkIsThrownAwayAndTheNextIsWhole) {
  TransportNet& net = pair();
  const WorldRank to = net.last();
  Bulk first(to, 1, noise(4 * megabyte));  // what shrinks is seldom caught half way
  Bulk second(to, 2, pattern(4 * megabyte, 2));
  net.transport(0).send_bulk(first);
  net.transport(0).send_bulk(second);
  bool discarded = false;
  ASSERT_TRUE(net.run_until([&] {
    if (!discarded && net.receiver(to).inside(0)) {
      net.receiver(to).take_place_away(0);
      net.transport(to).discard_arriving(0);
      discarded = true;
    }
    return net.receiver(to).bulk(0, 2).size() == second.bytes.size() && !first.linked() &&
           !second.linked();
  }));
  EXPECT_TRUE(discarded) << "no segment was caught half way";
  EXPECT_LT(net.receiver(to).bulk(0, 1).size(), first.bytes.size());
  EXPECT_TRUE(net.receiver(to).bulk(0, 2) == second.bytes);
}

TEST_P(TransportPairSuite, BothBeginAtOnce) {
  for (int round = 0; round < 200; ++round) {
    TransportNet& net = make(2);
    for (int tag = 0; tag < 3; ++tag) {
      send(0, 1, tag, pattern(10, 0));
      send(1, 0, tag, pattern(10, 1));
    }
    ASSERT_TRUE(net.run_until([&] {
      return net.receiver(0).arrived().size() == 3 && net.receiver(1).arrived().size() == 3;
    })) << "round "
        << round;
    EXPECT_TRUE(net.receiver(0).gone().empty() && net.receiver(1).gone().empty());
  }
}

TEST_P(TransportPairSuite, AllBeginWithAllAtOnce) {
  for (const int ranks : {3, 4, 7}) {
    for (int round = 0; round < 20; ++round) {
      TransportNet& net = make(ranks);
      for (WorldRank from = 0; from < ranks; ++from) {
        for (WorldRank to = 0; to < ranks; ++to) {
          if (to == from) continue;
          send(from, to, from, pattern(50, static_cast<unsigned>(to)));
          send(from, to, from, pattern(50, static_cast<unsigned>(to)));
        }
      }
      const auto expected = static_cast<std::size_t>(2 * (ranks - 1));
      ASSERT_TRUE(net.run_until([&] {
        for (WorldRank rank = 0; rank < ranks; ++rank) {
          if (net.receiver(rank).arrived().size() < expected) return false;
        }
        return true;
      })) << ranks
          << " ranks, round " << round;
      for (WorldRank rank = 0; rank < ranks; ++rank) {
        EXPECT_TRUE(net.receiver(rank).gone().empty());
        for (const auto& arrived : net.receiver(rank).arrived()) {
          EXPECT_EQ(arrived.frame.envelope.tag, arrived.from);
          EXPECT_EQ(arrived.payload, pattern(50, static_cast<unsigned>(rank)));
        }
      }
    }
  }
}

TEST_P(TransportPairSuite, ByeComesBehindAllThatWasQueued) {
  TransportNet& net = make(2);
  Bulk bulk(1, 1, pattern(8 * megabyte, 1));
  send(0, 1, 1, pattern(100, 1));
  net.transport(0).send_bulk(bulk);
  send(0, 1, 2, pattern(100, 2));
  net.transport(0).close();
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).times_gone(0) > 0; }));
  EXPECT_TRUE(net.receiver(1).bulk(0, 1) == bulk.bytes);
  EXPECT_EQ(net.receiver(0).sent(), (std::vector<BulkSend*>{&bulk}));
  std::size_t small = 0;
  for (const auto& arrived : net.receiver(1).arrived()) small += arrived.payload.size();
  EXPECT_EQ(small, 200u);
  EXPECT_TRUE(net.receiver(1).gone().front().orderly);
  ASSERT_TRUE(net.run_until([&] { return net.transport(0).drained(); }));
  for (int i = 0; i < 100; ++i) net.step_all();
  EXPECT_EQ(net.receiver(1).times_gone(0), 1u);
}

// The same once the connection stands, and with the bulk under way.
TEST_P(TransportPairSuite, ByeComesBehindBulkUnderWay) {
  TransportNet& net = make(2);
  Bulk bulk(1, 1, pattern(24 * megabyte, 1));
  net.transport(0).send_bulk(bulk);
  ASSERT_TRUE(net.run_until([&] { return bulk.sent > 0; }));
  net.transport(0).close();
  EXPECT_FALSE(net.transport(0).drained());
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).times_gone(0) > 0; }));
  EXPECT_TRUE(net.receiver(1).bulk(0, 1) == bulk.bytes);
  EXPECT_TRUE(net.receiver(1).gone().front().orderly);
}

TEST_P(TransportPairSuite, BothSayBye) {
  TransportNet& net = make(2);
  send(0, 1, 1, pattern(100, 1));
  send(1, 0, 2, pattern(100, 2));
  ASSERT_TRUE(net.run_until(
      [&] { return !net.receiver(0).arrived().empty() && !net.receiver(1).arrived().empty(); }));
  net.transport(0).close();
  net.transport(1).close();
  ASSERT_TRUE(net.run_until([&] {
    return net.receiver(0).times_gone(1) > 0 && net.receiver(1).times_gone(0) > 0 &&
           net.transport(0).drained() && net.transport(1).drained();
  }));
  net.vanish(1);
  for (int i = 0; i < 100; ++i) net.step_all();
  EXPECT_EQ(net.receiver(0).times_gone(1), 1u);
  EXPECT_TRUE(net.receiver(0).gone().front().orderly);
  EXPECT_TRUE(net.receiver(1).gone().front().orderly);
}

TEST_P(TransportPairSuite, NothingIsSentAfterClose) {
  TransportNet& net = make(2);
  send(0, 1, 1, pattern(100, 1));
  ASSERT_TRUE(net.run_until([&] { return !net.receiver(1).arrived().empty(); }));
  net.transport(0).close();
  send(0, 1, 2, pattern(100, 2));  // p2p gives back credit, whoever has closed
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).times_gone(0) > 0; }));
  ASSERT_TRUE(net.run_until([&] { return net.transport(0).drained(); }));
  for (int i = 0; i < 100; ++i) net.step_all();
  EXPECT_EQ(net.receiver(1).arrived().size(), 1u);
  EXPECT_EQ(net.receiver(1).times_gone(0), 1u);
  EXPECT_EQ(net.receiver(0).times_gone(1), 0u) << "the peer has no cause to break off";
}

TEST_P(TransportPairSuite, ReceivingGoesOnAfterClose) {
  TransportNet& net = make(2);
  send(1, 0, 1, pattern(100, 1));
  ASSERT_TRUE(net.run_until([&] { return !net.receiver(0).arrived().empty(); }));
  net.transport(0).close();
  send(1, 0, 2, pattern(100, 2));
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).arrived().size() == 2; }));
}

TEST_P(TransportPairSuite, PeerThatVanishesIsGoneOnce) {
  TransportNet& net = make(3);
  for (WorldRank rank = 0; rank < 2; ++rank) send(rank, 2, 1, pattern(10, 1));
  send(0, 1, 1, pattern(10, 1));
  ASSERT_TRUE(net.run_until([&] {
    return net.receiver(2).arrived().size() == 2 && net.receiver(1).arrived().size() == 1;
  }));
  net.vanish(2);
  ASSERT_TRUE(net.run_until(
      [&] { return net.receiver(0).times_gone(2) > 0 && net.receiver(1).times_gone(2) > 0; }));
  send(0, 2, 2, pattern(10, 2));
  for (int i = 0; i < 100; ++i) net.step_all();
  for (WorldRank rank = 0; rank < 2; ++rank) {
    ASSERT_EQ(net.receiver(rank).gone().size(), 1u);
    EXPECT_FALSE(net.receiver(rank).gone().front().orderly);
    EXPECT_FALSE(net.receiver(rank).gone().front().cause.empty());
  }
  send(0, 1, 3, pattern(10, 3));  // the others go on
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).arrived().size() == 2; }));
}

TEST_P(TransportPairSuite, PeerThatVanishesInsideAPayloadIsGoneOnce) {
  TransportNet& net = make(2);
  Bulk bulk(1, 1, pattern(24 * megabyte, 1));
  net.transport(0).send_bulk(bulk);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).bulk(0, 1).size() > 0; }));
  ASSERT_LT(bulk.sent, bulk.bytes.size());
  net.vanish(1);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).times_gone(1) > 0; }));
  EXPECT_FALSE(net.receiver(0).gone().front().orderly);
  EXPECT_FALSE(bulk.linked()) << "the payload is the caller's again";
  for (int i = 0; i < 100; ++i) net.step_all();
  EXPECT_EQ(net.receiver(0).times_gone(1), 1u);
  EXPECT_TRUE(net.receiver(0).sent().empty());
  net.transport(0).close();
  EXPECT_TRUE(net.run_until([&] { return net.transport(0).drained(); }));
}

TEST_P(TransportPairSuite, WhatAPeerSentBeforeItLeftIsStillRead) {
  TransportNet& net = make(2);
  send(0, 1, 0, {});
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).arrived().size() == 1; }));
  for (int tag = 1; tag < 50; ++tag) send(0, 1, tag, pattern(1000, 1));
  net.transport(0).close();
  // Only the leaving side runs, and its peer answers into the void meanwhile.
  while (!net.transport(0).drained() && net.receiver(1).arrived().size() < 50) {
    net.step(0);
    if (GetParam().name.starts_with("memory")) net.step(1);
  }
  send(1, 0, 5, pattern(1000, 1));  // nobody reads it: the connection ends with a reset
  if (!GetParam().name.starts_with("memory")) net.vanish(0);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).times_gone(0) > 0; }));
  EXPECT_EQ(net.receiver(1).arrived().size(), 50u);
  EXPECT_TRUE(net.receiver(1).gone().front().orderly);
}

TEST_P(TransportPairSuite, AbandonedPeerIsNotReported) {
  TransportNet& net = make(3);
  for (const WorldRank to : {1, 2}) send(0, to, 1, pattern(10, 1));
  ASSERT_TRUE(net.run_until(
      [&] { return !net.receiver(1).arrived().empty() && !net.receiver(2).arrived().empty(); }));
  send(0, 1, 2, pattern(10, 2));
  net.transport(0).abandon(1);
  send(0, 1, 3, pattern(10, 3));
  net.vanish(1);
  send(0, 2, 2, pattern(10, 2));  // the others go on
  ASSERT_TRUE(net.run_until([&] { return net.receiver(2).arrived().size() == 2; }));
  for (int i = 0; i < 100; ++i) net.step_all();
  EXPECT_EQ(net.receiver(0).times_gone(1), 0u);
  net.transport(0).close();
  EXPECT_TRUE(net.run_until([&] { return net.transport(0).drained(); }));
}

TEST_P(TransportPairSuite, LiarIsCutOffAndNamed) {
  TransportNet& net = make(2);
  send(0, 1, 1, pattern(10, 1));
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).arrived().size() == 1; }));
  net.receiver(1).refuse_next({Errc::bad_data, "sent what it must not"});
  send(0, 1, 2, pattern(10, 2));
  send(0, 1, 3, pattern(10, 3));
  ASSERT_TRUE(net.run_until(
      [&] { return net.receiver(1).times_gone(0) > 0 && net.receiver(0).times_gone(1) > 0; }));
  EXPECT_EQ(net.receiver(1).gone().front().cause, "sent what it must not");
  EXPECT_FALSE(net.receiver(1).gone().front().orderly);
  EXPECT_EQ(net.receiver(1).arrived().size(), 1u);
  for (int i = 0; i < 100; ++i) net.step_all();
  EXPECT_EQ(net.receiver(1).times_gone(0), 1u);
  EXPECT_EQ(net.receiver(0).times_gone(1), 1u);
}

const TransportCase self{"self", [](int) { return make_self_net(); }, true};
const TransportCase memory{"memory", [](int ranks) { return make_memory_net(ranks, std::nullopt); },
                           false};
const TransportCase memory_in_pieces{"memory_in_pieces",
                                     [](int ranks) { return make_memory_net(ranks, 42); }};
const TransportCase tcp{"tcp", [](int ranks) { return make_tcp_net(ranks, false); }};
const TransportCase tcp_one_loop{"tcp_one_loop",
                                 [](int ranks) { return make_tcp_net(ranks, true); }};
const TransportCase shm{"shm", [](int ranks) { return make_shm_net(ranks, true); }};
const TransportCase shm_copying{"shm_copying",
                                [](int ranks) { return make_shm_net(ranks, false); }};

const TransportCase tcp_compressing{"tcp_compressing", make_compressing_tcp_net};
const TransportCase tcp_encrypting{"tcp_encrypting",
                                   [](int ranks) { return make_encrypting_tcp_net(ranks, false); }};
const TransportCase tcp_compressing_and_encrypting{"tcp_compressing_and_encrypting", [](int ranks) {
                                                     return make_encrypting_tcp_net(ranks, true);
                                                   }};

const auto name_of = [](const testing::TestParamInfo<TransportCase>& info) {
  return info.param.name;
};

INSTANTIATE_TEST_SUITE_P(Every, TransportSuite,
                         testing::Values(self, memory, memory_in_pieces, tcp, tcp_one_loop,
                                         tcp_compressing, tcp_encrypting,
                                         tcp_compressing_and_encrypting, shm, shm_copying),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Between, TransportPairSuite,
                         testing::Values(memory, memory_in_pieces, tcp, tcp_one_loop,
                                         tcp_compressing, tcp_encrypting,
                                         tcp_compressing_and_encrypting, shm, shm_copying),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Partial, TransportPiecesSuite,
                         testing::Values(memory_in_pieces, tcp, tcp_one_loop, tcp_compressing,
                                         tcp_encrypting, tcp_compressing_and_encrypting, shm,
                                         shm_copying),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Segments, TransportSegmentsSuite,
                         testing::Values(memory_in_pieces, tcp, tcp_one_loop, tcp_encrypting),
                         name_of);

}  // namespace
}  // namespace prun::test
