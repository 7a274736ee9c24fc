#include "runtime/transport/tcp/tcp_outbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace prun::transport {
namespace {

using Bytes = std::vector<std::byte>;
using wire::Frame;
using wire::FrameKind;

Bytes pattern(std::size_t count, unsigned seed) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>((i * 31 + (i >> 8) * 17 + seed) & 0xff);
  return bytes;
}

Frame eager(std::int32_t tag, std::size_t bytes) {
  Frame frame;
  frame.kind = FrameKind::eager;
  frame.envelope = {1, tag, bytes, {}};
  return frame;
}

struct Bulk : BulkSend {
  Bulk(std::uint64_t id, Bytes its_bytes) : bytes(std::move(its_bytes)) {
    peer = 0;
    send_id = id;
    payload = bytes;
  }
  Bytes bytes;
};

// The far end: takes so many bytes at a time, and reads the stream as a peer would.
class Carrier {
 public:
  explicit Carrier(TcpOutbox& outbox) : outbox_(outbox) {}

  // Offers what the outbox gives; takes `most` of it. The bulk that is thereby through.
  BulkSend* take(std::size_t most) {
    std::array<iovec, TcpOutbox::pieces> pieces;
    const std::size_t count = outbox_.gather(pieces);
    std::size_t offered = 0;
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* data = static_cast<const std::byte*>(pieces[i].iov_base);
      EXPECT_GT(pieces[i].iov_len, 0u) << "empty pieces are left out";
      const std::size_t part = std::min(most - taken, pieces[i].iov_len);
      stream_.insert(stream_.end(), data, data + part);
      taken += part;
      offered += pieces[i].iov_len;
    }
    last_offer_ = offered;
    return outbox_.written(taken, taken == offered);
  }

  std::vector<BulkSend*> take_all(std::size_t at_a_time) {
    std::vector<BulkSend*> through;
    while (!outbox_.empty()) {
      if (BulkSend* bulk = take(at_a_time)) through.push_back(bulk);
    }
    return through;
  }

  std::size_t last_offer() const { return last_offer_; }
  std::size_t taken() const { return stream_.size(); }

  struct Read {
    std::vector<std::string> order;  // "eager 5", "data 1", "stalled"
    std::map<std::int32_t, Bytes> eager;
    std::map<std::uint64_t, Bytes> bulk;
    bool whole = false;  // the stream ends where a frame ends
  };
  Read read() const {
    Read result;
    std::optional<wire::Envelope> previous;
    std::span<const std::byte> rest = stream_;
    while (!rest.empty()) {
      const auto decoded = wire::decode_header(rest, previous ? &*previous : nullptr);
      if (!decoded.ok()) {
        ADD_FAILURE() << decoded.failure().text;
        return result;
      }
      if (!decoded.value()) return result;
      const Frame& frame = decoded.value()->frame;
      rest = rest.subspan(decoded.value()->header_bytes);
      const auto length = static_cast<std::size_t>(frame.payload_bytes());
      if (length > rest.size()) return result;
      const auto payload = rest.first(length);
      rest = rest.subspan(length);
      if (frame.kind == FrameKind::eager) {
        previous = frame.envelope;
        result.eager[frame.envelope.tag].assign(payload.begin(), payload.end());
        result.order.push_back("eager " + std::to_string(frame.envelope.tag));
      } else if (frame.kind == FrameKind::data) {
        Bytes& bulk = result.bulk[frame.send_id];
        bulk.insert(bulk.end(), payload.begin(), payload.end());
        result.order.push_back("data " + std::to_string(frame.send_id));
      } else {
        result.order.push_back("other");
      }
    }
    result.whole = true;
    return result;
  }

 private:
  TcpOutbox& outbox_;
  Bytes stream_;
  std::size_t last_offer_ = 0;
};

TEST(TcpOutbox, EmptyOffersNothing) {
  TcpOutbox outbox;
  std::array<iovec, TcpOutbox::pieces> pieces;
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.gather(pieces), 0u);
  EXPECT_EQ(outbox.written(0, true), nullptr);
}

TEST(TcpOutbox, SmallFramesLeaveInOrderAndTogether) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  for (int tag = 0; tag < 5; ++tag)
    outbox.add(eager(tag, 10), pattern(10, static_cast<unsigned>(tag)));
  carrier.take(1u << 20);
  EXPECT_TRUE(outbox.empty());
  const auto read = carrier.read();
  EXPECT_TRUE(read.whole);
  EXPECT_EQ(read.order,
            (std::vector<std::string>{"eager 0", "eager 1", "eager 2", "eager 3", "eager 4"}));
  for (int tag = 0; tag < 5; ++tag)
    EXPECT_EQ(read.eager.at(tag), pattern(10, static_cast<unsigned>(tag)));
}

TEST(TcpOutbox, SegmentsComeBehindWhatWasQueuedBefore) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk bulk(1, pattern(100, 3));
  outbox.add(eager(1, 4), pattern(4, 1));
  outbox.add_bulk(bulk);
  EXPECT_EQ(carrier.take_all(1u << 20), (std::vector<BulkSend*>{&bulk}));
  EXPECT_EQ(carrier.read().order, (std::vector<std::string>{"eager 1", "data 1"}));
  EXPECT_EQ(bulk.sent, 100u);
  EXPECT_FALSE(bulk.linked());
}

// Two payloads and small frames around them, through a carrier that takes k bytes at a time.
TEST(TcpOutbox, StreamIsWholeHoweverFewBytesAreTakenAtATime) {
  for (std::size_t k = 1; k <= 200; ++k) {
    TcpOutbox outbox;
    Carrier carrier(outbox);
    Bulk first(1, pattern(300, 7));
    Bulk second(2, pattern(77, 9));
    outbox.add(eager(1, 20), pattern(20, 1));
    outbox.add_bulk(first);
    outbox.add_bulk(second);
    std::vector<BulkSend*> through;
    for (std::int32_t tag = 2; !outbox.empty(); ++tag) {
      if (tag < 12) outbox.add(eager(tag, 8), pattern(8, static_cast<unsigned>(tag)));
      if (BulkSend* bulk = carrier.take(k)) through.push_back(bulk);
    }
    EXPECT_EQ(through, (std::vector<BulkSend*>{&first, &second})) << "k = " << k;
    const auto read = carrier.read();
    ASSERT_TRUE(read.whole) << "k = " << k;
    EXPECT_EQ(read.bulk.at(1), first.bytes) << "k = " << k;
    EXPECT_EQ(read.bulk.at(2), second.bytes) << "k = " << k;
    for (std::int32_t tag = 2; tag < 12; ++tag) {
      if (read.eager.contains(tag)) {
        EXPECT_EQ(read.eager.at(tag), pattern(8, static_cast<unsigned>(tag))) << "k = " << k;
      }
    }
    std::vector<std::string> small;
    for (const std::string& name : read.order) {
      if (name.starts_with("eager")) small.push_back(name);
    }
    for (std::size_t i = 0; i < small.size(); ++i)
      EXPECT_EQ(small[i], "eager " + std::to_string(i + 1)) << "k = " << k;
  }
}

TEST(TcpOutbox, SmallFrameOvertakesBetweenSegmentsButNotInsideOne) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk bulk(1, pattern(3 * TcpOutbox::smallest_segment, 5));
  outbox.add_bulk(bulk);
  carrier.take(1000);  // inside the first segment
  outbox.add(eager(8, 4), pattern(4, 8));
  carrier.take_all(1u << 20);
  auto order = carrier.read().order;
  ASSERT_TRUE(carrier.read().whole);
  ASSERT_GE(order.size(), 3u);
  EXPECT_EQ(order[0], "data 1");
  EXPECT_EQ(order[1], "eager 8");
  EXPECT_EQ(order.back(), "data 1");
  EXPECT_EQ(carrier.read().bulk.at(1), bulk.bytes);
}

TEST(TcpOutbox, FrameQueuedBetweenTwoOffersGoesBeforeTheNextSegment) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk bulk(1, pattern(2 * TcpOutbox::smallest_segment, 5));
  outbox.add_bulk(bulk);
  carrier.take(0);  // a segment was offered, and nothing of it taken
  outbox.add(eager(8, 4), pattern(4, 8));
  carrier.take_all(1u << 20);
  EXPECT_EQ(carrier.read().order.front(), "eager 8");
  EXPECT_EQ(carrier.read().bulk.at(1), bulk.bytes);
}

TEST(TcpOutbox, SegmentsGrowWhileTheCarrierTakesThemAndShrinkAtOnce) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk bulk(1, pattern(4u << 20, 5));
  outbox.add_bulk(bulk);
  std::vector<std::size_t> sizes;
  constexpr std::size_t header = 16;
  for (int i = 0; i < 7; ++i) {
    carrier.take(1u << 30);
    sizes.push_back(carrier.last_offer() - header);
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8u << 10, 16u << 10, 32u << 10, 64u << 10, 128u << 10,
                                             256u << 10, 256u << 10}));
  carrier.take(100);       // push-back inside a segment
  carrier.take(1u << 30);  // the rest of that one
  carrier.take(0);
  EXPECT_LE(carrier.last_offer(), 2 * TcpOutbox::smallest_segment + header);
  carrier.take(0);
  carrier.take_all(1u << 30);
  EXPECT_EQ(carrier.read().bulk.at(1), bulk.bytes);
}

// The rest of a forgotten payload follows from elsewhere, as p2p does it, wherever the cut falls.
TEST(TcpOutbox, ForgetKeepsTheStreamWholeAtEveryByte) {
  constexpr std::size_t length = 60;
  constexpr std::size_t before = 1 + 32 + 5;  // more than the small frame and the segment's header
  for (std::size_t cut = 0; cut < before + 16 + length; ++cut) {
    TcpOutbox outbox;
    Carrier carrier(outbox);
    auto original = std::make_unique<Bulk>(1, pattern(length, 5));
    Bulk other(2, pattern(40, 6));
    outbox.add(eager(1, 6), pattern(6, 1));
    outbox.add_bulk(*original);
    outbox.add_bulk(other);
    if (carrier.take(cut) != nullptr) break;  // it was through: nothing to forget
    outbox.add(eager(2, 6), pattern(6, 2));
    outbox.forget(*original);
    ASSERT_FALSE(original->linked());
    Bulk rest(1, original->bytes);
    rest.sent = original->sent;
    std::fill(original->bytes.begin(), original->bytes.end(), std::byte{0xee});
    original.reset();
    if (rest.sent < length) outbox.add_bulk(rest);
    carrier.take_all(7);
    const auto read = carrier.read();
    ASSERT_TRUE(read.whole) << "cut at " << cut;
    EXPECT_EQ(read.bulk.at(1), pattern(length, 5)) << "cut at " << cut;
    EXPECT_EQ(read.bulk.at(2), other.bytes) << "cut at " << cut;
    EXPECT_EQ(read.eager.at(1), pattern(6, 1)) << "cut at " << cut;
    EXPECT_EQ(read.eager.at(2), pattern(6, 2)) << "cut at " << cut;
  }
}

TEST(TcpOutbox, ForgetOfOneThatWaitsBehindLeavesTheOther) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk first(1, pattern(100, 5));
  Bulk second(2, pattern(100, 6));
  outbox.add_bulk(first);
  outbox.add_bulk(second);
  carrier.take(50);
  outbox.forget(second);
  EXPECT_EQ(second.sent, 0u);
  outbox.forget(second);  // twice is once
  EXPECT_EQ(carrier.take_all(1000), (std::vector<BulkSend*>{&first}));
  const auto read = carrier.read();
  EXPECT_TRUE(read.whole);
  EXPECT_EQ(read.bulk.at(1), first.bytes);
  EXPECT_FALSE(read.bulk.contains(2));
}

TEST(TcpOutbox, ForgetTwiceInARowInsideSegmentsKeepsTheOrderOfBytes) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk first(1, pattern(50, 5));
  Bulk second(2, pattern(50, 6));
  outbox.add_bulk(first);
  carrier.take(20);
  outbox.forget(first);
  EXPECT_EQ(first.sent, 50u) << "the rest of its segment was copied";
  outbox.add_bulk(second);
  carrier.take(10);  // still of the copy
  outbox.forget(second);
  EXPECT_EQ(second.sent, 0u);
  outbox.add(eager(1, 3), pattern(3, 1));
  carrier.take_all(3);
  const auto read = carrier.read();
  EXPECT_TRUE(read.whole);
  EXPECT_EQ(read.bulk.at(1), first.bytes);
  EXPECT_EQ(read.eager.at(1), pattern(3, 1));
}

TEST(TcpOutbox, ClearLetsGoOfEverything) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk bulk(1, pattern(100, 5));
  outbox.add(eager(1, 3), pattern(3, 1));
  outbox.add_bulk(bulk);
  carrier.take(60);
  outbox.clear();
  EXPECT_TRUE(outbox.empty());
  EXPECT_FALSE(bulk.linked());
  const std::size_t taken = carrier.taken();
  carrier.take(1000);
  EXPECT_EQ(carrier.taken(), taken);
}

TEST(TcpOutbox, ShortFormIsRememberedAcrossBulk) {
  TcpOutbox outbox;
  Carrier carrier(outbox);
  Bulk bulk(1, pattern(10, 5));
  EXPECT_EQ(outbox.encode(eager(1, 4)).view().size(), 32u);
  EXPECT_EQ(outbox.encode(eager(1, 4)).view().size(), 1u);
  outbox.add_bulk(bulk);
  carrier.take(1000);
  EXPECT_EQ(outbox.encode(eager(1, 4)).view().size(), 1u);
  EXPECT_EQ(outbox.encode(eager(2, 4)).view().size(), 32u);
}

}  // namespace
}  // namespace prun::transport
