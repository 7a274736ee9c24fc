// One endpoint, and a test that plays its peers frame by frame: every state of an operation can be
// reached and left in any way.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "runtime/p2p/endpoint.hpp"
#include "tests/support/scripted_transport.hpp"

namespace prun::p2p {
namespace {

using test::ScriptedTransport;
using wire::Frame;
using wire::FrameKind;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t context = 7;
constexpr WorldRank other = 1;
constexpr WorldRank third = 2;

Bytes pattern(std::size_t count, unsigned seed) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed) & 0xff);
  return bytes;
}

detail::SendBuffer sending(const Bytes& bytes) {
  return detail::send_buffer(bytes);
}

// A fixed place for so many bytes, on the heap so that a memory checker sees every write beyond its
// life.
struct Place {
  explicit Place(std::size_t its_size)
      : size(its_size), bytes(std::make_unique<std::byte[]>(its_size)) {}
  detail::RecvBuffer buffer() const { return {bytes.get(), size, {}}; }
  Bytes contents() const { return {bytes.get(), bytes.get() + size}; }
  std::size_t size;
  std::unique_ptr<std::byte[]> bytes;
};

class EndpointStates : public testing::Test {
 protected:
  EndpointStates() { make({}); }
  ~EndpointStates() override { endpoint_.reset(); }

  void make(Limits limits) {
    endpoint_ = std::make_unique<Endpoint>(
        limits, [this](WorldRank) -> transport::Transport& { return carrier; },
        [this](WorldRank peer, bool orderly, const std::string& cause) {
          orderly ? endpoint_->peer_finished(peer) : endpoint_->peer_lost(peer, cause);
        },
        [](WorldRank rank) { return "rank " + std::to_string(rank); });
  }
  Endpoint& endpoint() { return *endpoint_; }

  static Frame envelope(FrameKind kind, std::uint64_t bytes, std::int32_t tag = 1) {
    Frame frame;
    frame.kind = kind;
    frame.envelope = {context, tag, bytes, {}};
    return frame;
  }
  static Frame rts(std::uint64_t id, std::uint64_t bytes, std::int32_t tag = 1,
                   bool synchronous = false) {
    Frame frame = envelope(FrameKind::rts, bytes, tag);
    frame.send_id = id;
    frame.flag = synchronous;
    return frame;
  }
  static Frame data(std::uint64_t id, std::uint32_t length) {
    Frame frame;
    frame.kind = FrameKind::data;
    frame.send_id = id;
    frame.length = length;
    return frame;
  }
  static Frame plain(FrameKind kind, std::uint64_t id = 0, bool flag = false) {
    Frame frame;
    frame.kind = kind;
    frame.send_id = id;
    frame.flag = flag;
    return frame;
  }
  static Frame credit(std::uint32_t envelopes, std::uint64_t bytes) {
    Frame frame = plain(FrameKind::credit);
    frame.envelopes = envelopes;
    frame.credit_bytes = bytes;
    return frame;
  }

  // A frame with its payload arrives whole. What the endpoint says against it, or nothing.
  std::string arrive(const Frame& frame, const Bytes& payload = {}, WorldRank from = other) {
    const auto place = endpoint_->on_frame_begin(from, frame);
    if (!place.ok()) return place.failure().text;
    if (place.value() != nullptr && !payload.empty())
      std::memcpy(place.value(), payload.data(), payload.size());
    const auto ended = endpoint_->on_frame_end(from, frame);
    return ended.ok() ? "" : ended.failure().text;
  }

  static match::Pattern from(WorldRank source, std::int32_t tag = 1) {
    return {context, source, tag};
  }

  static std::string text(const Operation& operation) {
    return operation.failure() == nullptr ? "" : operation.failure()->text;
  }

  ScriptedTransport carrier;
  const std::vector<WorldRank> members{0, 1, 2};

 private:
  std::unique_ptr<Endpoint> endpoint_;
};

TEST_F(EndpointStates, EagerUpToTheLimitAndRendezvousAbove) {
  for (const std::size_t size : {std::size_t{0}, Limits{}.eager_bytes - 1, Limits{}.eager_bytes}) {
    const Bytes bytes = pattern(size, 1);
    SendOperation send(endpoint());
    endpoint().start_send(send, other, context, 1, sending(bytes), false);
    EXPECT_TRUE(send.done()) << size;
    const auto sent = carrier.take();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].frame.kind, FrameKind::eager) << size;
    EXPECT_TRUE(sent[0].payload == bytes);
  }
  const Bytes bytes = pattern(Limits{}.eager_bytes + 1, 1);
  SendOperation send(endpoint());
  endpoint().start_send(send, other, context, 1, sending(bytes), false);
  EXPECT_FALSE(send.done());
  EXPECT_FALSE(endpoint().idle());
  auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].frame.kind, FrameKind::rts);
  EXPECT_FALSE(sent[0].frame.flag);
  EXPECT_TRUE(carrier.bulks.empty()) << "nothing of it leaves before it is wanted";
  EXPECT_EQ(arrive(plain(FrameKind::cts, sent[0].frame.send_id)), "");
  ASSERT_EQ(carrier.bulks.size(), 1u);
  EXPECT_EQ(carrier.bulks[0]->payload.size(), bytes.size());
  EXPECT_FALSE(send.done());
  endpoint().on_bulk_sent(*carrier.bulks[0]);
  carrier.bulks.clear();
  EXPECT_TRUE(send.done());
  EXPECT_EQ(text(send), "");
  EXPECT_TRUE(endpoint().idle());
}

TEST_F(EndpointStates, SynchronousSendAlwaysAsks) {
  const Bytes bytes = pattern(1, 1);
  SendOperation small(endpoint());
  SendOperation empty(endpoint());
  endpoint().start_send(small, other, context, 1, sending(bytes), true);
  endpoint().start_send(empty, other, context, 1, sending({}), true);
  const auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_TRUE(sent[0].frame.kind == FrameKind::rts && sent[0].frame.flag);
  EXPECT_FALSE(empty.done()) << "nothing to carry, but not matched yet";
  EXPECT_EQ(arrive(plain(FrameKind::cts, sent[1].frame.send_id)), "");
  EXPECT_TRUE(empty.done());
  EXPECT_EQ(arrive(plain(FrameKind::cts, sent[0].frame.send_id, true)), "");
  EXPECT_TRUE(small.done()) << "refused: the receiver knows why";
  EXPECT_TRUE(carrier.bulks.empty());
}

TEST_F(EndpointStates, BytesBeyondTheCreditWaitAtTheSender) {
  Limits limits;
  limits.eager_bytes = 100;
  limits.eager_bytes_per_peer = 250;
  make(limits);
  const Bytes bytes = pattern(100, 1);
  std::vector<std::unique_ptr<SendOperation>> sends;
  for (int i = 0; i < 3; ++i) {
    sends.push_back(std::make_unique<SendOperation>(endpoint()));
    endpoint().start_send(*sends.back(), other, context, 1, sending(bytes), false);
  }
  auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].frame.kind, FrameKind::eager);
  EXPECT_EQ(sent[2].frame.kind, FrameKind::rts) << "50 bytes of room are left";
  EXPECT_EQ(arrive(credit(0, 50)), "");
  sends.push_back(std::make_unique<SendOperation>(endpoint()));
  endpoint().start_send(*sends.back(), other, context, 1, sending(bytes), false);
  EXPECT_EQ(carrier.take().at(0).frame.kind, FrameKind::eager);
}

TEST_F(EndpointStates, EnvelopesBeyondTheCreditStallAndSaySoOnce) {
  Limits limits;
  limits.envelopes_per_peer = 2;
  make(limits);
  const Bytes bytes = pattern(4, 1);
  std::vector<std::unique_ptr<SendOperation>> sends;
  for (int i = 0; i < 5; ++i) {
    sends.push_back(std::make_unique<SendOperation>(endpoint()));
    endpoint().start_send(*sends.back(), other, context, i, sending(bytes), false);
  }
  auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[2].frame.kind, FrameKind::stalled);
  EXPECT_FALSE(sends[2]->done());
  EXPECT_EQ(arrive(credit(1, 0)), "");
  sent = carrier.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].frame.envelope.tag, 2) << "in the order they were started";
  EXPECT_EQ(sent[1].frame.kind, FrameKind::stalled) << "and says again that it is";
  EXPECT_EQ(arrive(credit(10, 0)), "");
  sent = carrier.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[1].frame.envelope.tag, 4);
  EXPECT_TRUE(sends[4]->done());
}

TEST_F(EndpointStates, FloodIsBoundedByTheCreditsGiven) {
  Limits limits;
  limits.envelopes_per_peer = 8;
  limits.eager_bytes_per_peer = 1000;
  make(limits);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(arrive(envelope(FrameKind::eager, 10), pattern(10, 1)), "");
  EXPECT_TRUE(carrier.take().empty()) << "unreceived messages give nothing back";
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 10)), "sent more than it was given room for");
  // Received, they do: half of the credit at a time.
  std::uint32_t envelopes = 0;
  std::uint64_t bytes = 0;
  for (int i = 0; i < 8; ++i) {
    Place place(10);
    RecvOperation receive(endpoint());
    endpoint().start_recv(receive, from(other), place.buffer(), members);
    ASSERT_TRUE(receive.done());
    EXPECT_EQ(place.contents(), pattern(10, 1));
    for (const auto& sent : carrier.take()) {
      EXPECT_EQ(sent.frame.kind, FrameKind::credit);
      EXPECT_EQ(sent.frame.envelopes, 4u);
      envelopes += sent.frame.envelopes;
      bytes += sent.frame.credit_bytes;
    }
  }
  EXPECT_EQ(envelopes, 8u);
  EXPECT_EQ(bytes, 80u);
}

TEST_F(EndpointStates, EagerBytesBeyondTheCreditAreALie) {
  Limits limits;
  limits.eager_bytes_per_peer = 100;
  make(limits);
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 60), pattern(60, 1)), "");
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 41)), "sent more than it was given room for");
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 40), pattern(40, 1)), "");
}

TEST_F(EndpointStates, ReceivedAtOnceGivesBackToo) {
  Limits limits;
  limits.envelopes_per_peer = 100;
  limits.eager_bytes_per_peer = 100;
  make(limits);
  Place place(50);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 50), pattern(50, 1)), "");
  const auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].frame.envelopes, 1u);
  EXPECT_EQ(sent[0].frame.credit_bytes, 50u);
}

TEST_F(EndpointStates, StalledPeerIsGrantedWhenWaitedFor) {
  Limits limits;
  limits.envelopes_per_peer = 8;
  make(limits);
  for (int i = 0; i < 8; ++i) arrive(envelope(FrameKind::eager, 1, 5), pattern(1, 1));
  EXPECT_EQ(arrive(plain(FrameKind::stalled)), "");
  EXPECT_TRUE(carrier.take().empty()) << "nobody waits";
  Place place(1);
  RecvOperation of_third(endpoint());
  endpoint().start_recv(of_third, from(third), place.buffer(), members);
  EXPECT_TRUE(carrier.take().empty()) << "nobody waits for it";
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other, 6), place.buffer(), members);
  auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].frame.kind, FrameKind::credit);
  EXPECT_EQ(sent[0].frame.envelopes, 2u) << "a quarter of the usual";
  // It stalls again while it is waited for.
  arrive(envelope(FrameKind::eager, 1, 5), pattern(1, 1));
  arrive(envelope(FrameKind::eager, 1, 5), pattern(1, 1));
  EXPECT_EQ(arrive(plain(FrameKind::stalled)), "");
  EXPECT_EQ(carrier.take().size(), 1u);
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 1, 6), pattern(1, 2)), "");
  EXPECT_TRUE(receive.done());
}

TEST_F(EndpointStates, ProbeAndAnySourceGrantAStalledPeerToo) {
  Limits limits;
  limits.envelopes_per_peer = 4;
  make(limits);
  arrive(plain(FrameKind::stalled));
  EXPECT_EQ(endpoint().probe(from(match::any)), nullptr);
  EXPECT_EQ(carrier.take().size(), 1u);
  EXPECT_EQ(endpoint().probe(from(match::any)), nullptr);
  EXPECT_TRUE(carrier.take().empty()) << "once";
  arrive(plain(FrameKind::stalled));
  Place place(1);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(match::any), place.buffer(), members);
  EXPECT_EQ(carrier.take().size(), 1u);
}

TEST_F(EndpointStates, LargeMessageIsTakenInWithinItsMemory) {
  Limits limits;
  limits.unexpected_bytes = 150;
  make(limits);
  arrive(rts(1, 100, 1));
  arrive(rts(2, 100, 2));
  arrive(rts(3, 50, 3));
  arrive(rts(4, 1, 4));
  EXPECT_TRUE(endpoint().has_untaken());
  EXPECT_TRUE(endpoint().take_in_unexpected());
  EXPECT_TRUE(endpoint().take_in_unexpected());
  EXPECT_FALSE(endpoint().take_in_unexpected()) << "the memory is used up";
  auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].frame.send_id, 1u);
  EXPECT_EQ(sent[1].frame.send_id, 3u) << "2 does not fit, 3 does";
  EXPECT_EQ(arrive(data(1, 100), pattern(100, 1)), "");

  Place place(100);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other, 1), place.buffer(), members);
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(place.contents(), pattern(100, 1));
  EXPECT_TRUE(endpoint().take_in_unexpected()) << "its memory is free again";
  EXPECT_EQ(carrier.take().at(0).frame.send_id, 2u);
}

TEST_F(EndpointStates, SynchronousMessageIsNeverTakenIn) {
  arrive(rts(1, 100, 1, true));
  EXPECT_FALSE(endpoint().has_untaken());
  EXPECT_FALSE(endpoint().take_in_unexpected());
  EXPECT_TRUE(carrier.take().empty());
}

TEST_F(EndpointStates, CountOfUntakenIsRightWhateverBecomesOfThem) {
  arrive(rts(1, 100, 1));
  arrive(rts(2, 100, 2));
  arrive(rts(3, 100, 3));
  Place place(100);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other, 1), place.buffer(), members);
  EXPECT_TRUE(endpoint().take_in_unexpected());
  EXPECT_TRUE(endpoint().has_untaken());
  endpoint().peer_lost(other, "died");
  EXPECT_FALSE(endpoint().has_untaken());
  arrive(rts(1, 100, 1), {}, third);
  EXPECT_TRUE(endpoint().has_untaken());
  endpoint().retire_context(context);
  EXPECT_FALSE(endpoint().has_untaken());
}

TEST_F(EndpointStates, WithdrawnWhileStalledIsSentFromItsCopy) {
  Limits limits;
  limits.envelopes_per_peer = 1;
  make(limits);
  const Bytes first = pattern(4, 1);
  SendOperation send(endpoint());
  endpoint().start_send(send, other, context, 1, sending(first), false);
  {
    const Bytes gone = pattern(40, 2);
    SendOperation withdrawn(endpoint());
    endpoint().start_send(withdrawn, other, context, 2, sending(gone), false);
  }
  EXPECT_FALSE(endpoint().idle());
  carrier.take();
  EXPECT_EQ(arrive(credit(1, 100)), "");
  const auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].frame.envelope.tag, 2);
  EXPECT_EQ(sent[0].payload, pattern(40, 2));
  EXPECT_TRUE(endpoint().idle());
  endpoint().run_ready();
}

TEST_F(EndpointStates, WithdrawnWhileAnnouncedIsSentFromItsCopy) {
  const std::size_t size = Limits{}.eager_bytes + 1;
  {
    const Bytes gone = pattern(size, 2);
    SendOperation withdrawn(endpoint());
    endpoint().start_send(withdrawn, other, context, 2, sending(gone), false);
  }
  EXPECT_FALSE(endpoint().idle());
  const auto sent = carrier.take();
  EXPECT_EQ(arrive(plain(FrameKind::cts, sent.at(0).frame.send_id)), "");
  ASSERT_EQ(carrier.bulks.size(), 1u);
  const auto payload = carrier.bulks[0]->payload;
  EXPECT_TRUE(Bytes(payload.begin(), payload.end()) == pattern(size, 2));
  endpoint().on_bulk_sent(*carrier.bulks[0]);
  carrier.bulks.clear();
  EXPECT_TRUE(endpoint().idle());
  endpoint().run_ready();
}

TEST_F(EndpointStates, WithdrawnWhileStreamingGoesOnWhereItWas) {
  const std::size_t size = Limits{}.eager_bytes + 1;
  {
    const Bytes gone = pattern(size, 2);
    SendOperation withdrawn(endpoint());
    endpoint().start_send(withdrawn, other, context, 2, sending(gone), false);
    EXPECT_EQ(arrive(plain(FrameKind::cts, carrier.take().at(0).frame.send_id)), "");
    ASSERT_EQ(carrier.bulks.size(), 1u);
    carrier.bulks[0]->sent = 1000;
  }
  ASSERT_EQ(carrier.bulks.size(), 1u) << "the old one was taken back";
  EXPECT_EQ(carrier.bulks[0]->sent, 1000u);
  const auto payload = carrier.bulks[0]->payload;
  EXPECT_TRUE(Bytes(payload.begin(), payload.end()) == pattern(size, 2));
  endpoint().on_bulk_sent(*carrier.bulks[0]);
  carrier.bulks.clear();
  EXPECT_TRUE(endpoint().idle());
}

TEST_F(EndpointStates, WithdrawnWithItsLastSegmentOutIsThrough) {
  // What forget_bulk does when the last segment had begun to leave.
  struct TakesAll final : transport::Transport {
    transport::BulkSend* bulk = nullptr;
    std::uint64_t id = 0;
    void send_frame(WorldRank, const Frame& frame, std::span<const std::byte>) override {
      id = frame.send_id;
    }
    void send_bulk(transport::BulkSend& sent) override { bulk = &sent; }
    void forget_bulk(transport::BulkSend& forgotten) override {
      forgotten.sent = forgotten.payload.size();
      bulk = nullptr;
    }
    void discard_arriving(WorldRank) override {}
    void abandon(WorldRank) override {}
    bool progress() override { return false; }
    bool flushed(WorldRank) override { return true; }
    bool flushed() override { return true; }
    void arm() override {}
    void close() override {}
    bool drained() override { return true; }
  } takes_all;
  Endpoint endpoint(
      {}, [&](WorldRank) -> transport::Transport& { return takes_all; },
      [](WorldRank, bool, const std::string&) {}, [](WorldRank) { return std::string("it"); });
  {
    const Bytes gone = pattern(Limits{}.eager_bytes + 1, 2);
    SendOperation withdrawn(endpoint);
    endpoint.start_send(withdrawn, other, context, 2, sending(gone), false);
    ASSERT_TRUE(endpoint.on_frame_end(other, plain(FrameKind::cts, takes_all.id)).ok());
    ASSERT_NE(takes_all.bulk, nullptr);
  }
  EXPECT_EQ(takes_all.bulk, nullptr);
  EXPECT_TRUE(endpoint.idle());
}

TEST_F(EndpointStates, WithdrawnWhilePostedLeavesTheMessageToTheNext) {
  {
    Place place(10);
    RecvOperation withdrawn(endpoint());
    endpoint().start_recv(withdrawn, from(other), place.buffer(), members);
  }
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 10), pattern(10, 1)), "");
  Place place(10);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(place.contents(), pattern(10, 1));
}

TEST_F(EndpointStates, WithdrawnWhileArrivingIsNotWrittenTo) {
  auto place = std::make_unique<Place>(10);
  auto withdrawn = std::make_unique<RecvOperation>(endpoint());
  endpoint().start_recv(*withdrawn, from(other), place->buffer(), members);
  const Frame frame = envelope(FrameKind::eager, 10);
  const auto where = endpoint().on_frame_begin(other, frame);
  ASSERT_TRUE(where.ok());
  EXPECT_EQ(where.value(), place->bytes.get());
  withdrawn.reset();
  EXPECT_EQ(carrier.discarded, 1);
  place.reset();
  EXPECT_TRUE(endpoint().on_frame_end(other, frame).ok());
  EXPECT_EQ(endpoint().probe(from(other)), nullptr) << "the message is used up";
}

TEST_F(EndpointStates, WithdrawnWhileStreamingIsNotWrittenTo) {
  auto place = std::make_unique<Place>(10);
  auto withdrawn = std::make_unique<RecvOperation>(endpoint());
  endpoint().start_recv(*withdrawn, from(other), place->buffer(), members);
  EXPECT_EQ(arrive(rts(1, 10)), "");
  EXPECT_EQ(arrive(data(1, 4), pattern(4, 1)), "");
  const auto where = endpoint().on_frame_begin(other, data(1, 4));
  ASSERT_TRUE(where.ok());
  EXPECT_EQ(where.value(), place->bytes.get() + 4);
  withdrawn.reset();
  EXPECT_EQ(carrier.discarded, 1);
  place.reset();
  EXPECT_TRUE(endpoint().on_frame_end(other, data(1, 4)).ok());
  const auto rest = endpoint().on_frame_begin(other, data(1, 2));
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest.value(), nullptr);
  EXPECT_TRUE(endpoint().on_frame_end(other, data(1, 2)).ok());
  EXPECT_EQ(arrive(data(1, 1)), "sent a payload nobody asked for") << "it is over";
}

TEST_F(EndpointStates, WithdrawingOneStreamLeavesTheFrameOfAnotherAlone) {
  Place kept_place(10);
  RecvOperation kept(endpoint());
  endpoint().start_recv(kept, from(other, 1), kept_place.buffer(), members);
  auto place = std::make_unique<Place>(10);
  auto withdrawn = std::make_unique<RecvOperation>(endpoint());
  endpoint().start_recv(*withdrawn, from(other, 2), place->buffer(), members);
  EXPECT_EQ(arrive(rts(1, 10, 1)), "");
  EXPECT_EQ(arrive(rts(2, 10, 2)), "");

  const auto where = endpoint().on_frame_begin(other, data(1, 10));
  ASSERT_TRUE(where.ok());
  withdrawn.reset();
  place.reset();
  EXPECT_EQ(carrier.discarded, 0) << "what is arriving is the other's";
  const Bytes payload = pattern(10, 1);
  std::memcpy(where.value(), payload.data(), payload.size());
  EXPECT_TRUE(endpoint().on_frame_end(other, data(1, 10)).ok());
  EXPECT_TRUE(kept.done());
  EXPECT_EQ(kept_place.contents(), payload);
  EXPECT_EQ(arrive(data(2, 10), pattern(10, 2)), "");
}

TEST_F(EndpointStates, WithdrawingAStreamLeavesAnEagerFrameAlone) {
  Place kept_place(10);
  RecvOperation kept(endpoint());
  endpoint().start_recv(kept, from(other, 1), kept_place.buffer(), members);
  auto withdrawn = std::make_unique<RecvOperation>(endpoint());
  auto place = std::make_unique<Place>(10);
  endpoint().start_recv(*withdrawn, from(other, 2), place->buffer(), members);
  EXPECT_EQ(arrive(rts(2, 10, 2)), "");
  const Frame frame = envelope(FrameKind::eager, 10, 1);
  ASSERT_TRUE(endpoint().on_frame_begin(other, frame).ok());
  withdrawn.reset();
  EXPECT_EQ(carrier.discarded, 0);
  EXPECT_TRUE(endpoint().on_frame_end(other, frame).ok());
  EXPECT_TRUE(kept.done());
}

TEST_F(EndpointStates, WithdrawnWhileClaimedDropsTheMessage) {
  arrive(rts(1, 100));
  ASSERT_TRUE(endpoint().take_in_unexpected());
  carrier.take();
  {
    Place place(100);
    RecvOperation withdrawn(endpoint());
    endpoint().start_recv(withdrawn, from(other), place.buffer(), members);
    EXPECT_FALSE(withdrawn.done());
    EXPECT_TRUE(withdrawn.matched());
    EXPECT_FALSE(endpoint().cancel(withdrawn)) << "a message has met it";
  }
  EXPECT_EQ(arrive(data(1, 100), pattern(100, 1)), "");
  EXPECT_EQ(endpoint().probe(from(other)), nullptr);
  // Its memory is free again.
  arrive(rts(2, Limits{}.unexpected_bytes));
  EXPECT_EQ(endpoint().probe(from(other))->envelope.bytes(), Limits{}.unexpected_bytes);
}

TEST_F(EndpointStates, ClaimedMessageIsHandedOverWhenItIsHere) {
  arrive(rts(1, 100));
  ASSERT_TRUE(endpoint().take_in_unexpected());
  Place place(100);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  EXPECT_EQ(arrive(data(1, 60), pattern(60, 1)), "");
  EXPECT_FALSE(receive.done());
  Bytes rest = pattern(100, 1);
  rest.erase(rest.begin(), rest.begin() + 60);
  EXPECT_EQ(arrive(data(1, 40), rest), "");
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(place.contents(), pattern(100, 1));
}

TEST_F(EndpointStates, CancelTakesBackAPostedReceiveOnly) {
  Place place(10);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  EXPECT_TRUE(endpoint().cancel(receive));
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(receive.failure()->code, Errc::cancelled);
  EXPECT_EQ(text(receive), "the receive was cancelled");
  EXPECT_FALSE(endpoint().cancel(receive));
}

TEST_F(EndpointStates, WrongTypeLengthAndNameAreToldInBothOrders) {
  struct Case {
    Datatype sent;
    std::uint64_t count;
    detail::RecvBuffer buffer;
    Errc code;
    std::string text;
  };
  std::array<std::byte, 64> room{};
  const Datatype int32 = datatype_of<std::int32_t>();
  const std::vector<Case> cases{
      {int32,
       3,
       {room.data(), 8, datatype_of<double>()},
       Errc::type_mismatch,
       "rank 1 sent 3 x int32 with tag 1, this receive takes double"},
      {int32,
       3,
       {room.data(), 2, int32},
       Errc::truncated,
       "rank 1 sent 3 x int32 with tag 1, this receive has room for 2"},
      {int32,
       1,
       {room.data(), 2, int32, true},
       Errc::truncated,
       "rank 1 sent 1 x int32 with tag 1, this receive takes exactly 2"},
      {{Kind::record, 8, 1},
       1,
       {room.data(), 1, {Kind::record, 8, 2}},
       Errc::type_mismatch,
       "rank 1 sent 1 x record of 8 bytes with tag 1, this receive takes a record of 8 bytes of "
       "another name"},
  };
  std::uint64_t id = 0;
  for (const Case& c : cases) {
    for (const FrameKind kind : {FrameKind::eager, FrameKind::rts}) {
      for (const bool posted_first : {true, false}) {
        Frame frame;
        frame.kind = kind;
        frame.envelope = {context, 1, c.count, c.sent};
        frame.send_id = ++id;
        const Bytes payload(
            kind == FrameKind::eager ? static_cast<std::size_t>(frame.envelope.bytes()) : 0);
        RecvOperation receive(endpoint());
        if (posted_first) endpoint().start_recv(receive, from(other), c.buffer, members);
        EXPECT_EQ(arrive(frame, payload), "");
        if (!posted_first) endpoint().start_recv(receive, from(other), c.buffer, members);
        ASSERT_TRUE(receive.done());
        ASSERT_NE(receive.failure(), nullptr);
        EXPECT_EQ(receive.failure()->code, c.code);
        EXPECT_EQ(receive.failure()->peer, other);
        EXPECT_EQ(text(receive), c.text);
        const auto sent = carrier.take();
        if (kind == FrameKind::rts) {
          ASSERT_FALSE(sent.empty());
          EXPECT_TRUE(sent.back().frame.kind == FrameKind::cts && sent.back().frame.flag)
              << "its sender is told not to wait";
        }
      }
    }
  }
}

TEST_F(EndpointStates, LossFailsWhatNeedsThePeerAndNothingElse) {
  const Bytes large = pattern(Limits{}.eager_bytes + 1, 1);
  Place place(10);
  SendOperation announced(endpoint());
  SendOperation streaming(endpoint());
  SendOperation to_third(endpoint());
  RecvOperation named(endpoint());
  RecvOperation open(endpoint());
  RecvOperation of_third(endpoint());
  RecvOperation open_without_it(endpoint());
  const std::vector<WorldRank> others{0, third};
  endpoint().start_send(announced, other, context, 1, sending(large), false);
  endpoint().start_send(streaming, other, context, 1, sending(large), false);
  endpoint().start_send(to_third, third, context, 1, sending(large), false);
  EXPECT_EQ(arrive(plain(FrameKind::cts, carrier.take().at(1).frame.send_id)), "");
  endpoint().start_recv(named, from(other), place.buffer(), members);
  endpoint().start_recv(open, from(match::any), place.buffer(), members);
  endpoint().start_recv(of_third, from(third), place.buffer(), members);
  endpoint().start_recv(open_without_it, from(match::any, 9), place.buffer(), others);
  EXPECT_FALSE(endpoint().peer_gone(other));

  endpoint().on_peer_gone(other, false, "broke the connection: reset");
  EXPECT_TRUE(endpoint().peer_gone(other));
  EXPECT_TRUE(carrier.bulks.empty()) << "its payload is the caller's again";
  for (const Operation* failed :
       {static_cast<Operation*>(&announced), static_cast<Operation*>(&streaming),
        static_cast<Operation*>(&named), static_cast<Operation*>(&open)}) {
    ASSERT_TRUE(failed->done());
    ASSERT_NE(failed->failure(), nullptr);
    EXPECT_EQ(failed->failure()->code, Errc::peer_lost);
    EXPECT_EQ(failed->failure()->peer, other);
    EXPECT_EQ(text(*failed), "rank 1 broke the connection: reset");
  }
  EXPECT_FALSE(to_third.done());
  EXPECT_FALSE(of_third.done());
  EXPECT_FALSE(open_without_it.done());

  SendOperation later(endpoint());
  endpoint().start_send(later, other, context, 1, sending(large), false);
  EXPECT_EQ(text(later), "rank 1 broke the connection: reset");
  RecvOperation later_receive(endpoint());
  endpoint().start_recv(later_receive, from(other), place.buffer(), members);
  EXPECT_EQ(text(later_receive), "rank 1 broke the connection: reset");
  endpoint().peer_lost(other, "again");  // twice is once
}

TEST_F(EndpointStates, FinishedPeerLeavesOpenReceivesToTheOthers) {
  Place place(10);
  RecvOperation named(endpoint());
  RecvOperation open(endpoint());
  const std::vector<WorldRank> two{other, third};
  endpoint().start_recv(named, from(other), place.buffer(), two);
  endpoint().start_recv(open, from(match::any), place.buffer(), two);
  endpoint().on_peer_gone(other, true, "");
  ASSERT_TRUE(named.done());
  EXPECT_EQ(named.failure()->code, Errc::peer_finished);
  EXPECT_EQ(text(named), "rank 1 has finished and left the job");
  EXPECT_FALSE(open.done()) << "the third may still send";
  endpoint().on_peer_gone(third, true, "");
  ASSERT_TRUE(open.done());
  EXPECT_EQ(open.failure()->code, Errc::peer_finished);
  RecvOperation later(endpoint());
  endpoint().start_recv(later, from(match::any), place.buffer(), two);
  ASSERT_TRUE(later.done());
  EXPECT_EQ(text(later).rfind("every rank it could come from has gone; the last is: rank ", 0), 0u)
      << text(later);
}

TEST_F(EndpointStates, WholeMessagesOutliveTheirSender) {
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 10), pattern(10, 1)), "");
  EXPECT_EQ(arrive(rts(1, 100, 2)), "");
  endpoint().peer_lost(other, "died");
  Place place(10);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(text(receive), "");
  EXPECT_EQ(place.contents(), pattern(10, 1));
  EXPECT_EQ(endpoint().probe(from(other, 2)), nullptr) << "announced only: it will never come";
  EXPECT_TRUE(carrier.take().empty()) << "nothing is sent to the dead";
}

TEST_F(EndpointStates, LossInsideAPayloadFailsItsReceive) {
  for (const bool eager : {true, false}) {
    const WorldRank peer = eager ? other : third;
    auto place = std::make_unique<Place>(10);
    RecvOperation receive(endpoint());
    endpoint().start_recv(receive, from(peer), place->buffer(), members);
    if (!eager) arrive(rts(1, 10), {}, peer);
    const Frame frame = eager ? envelope(FrameKind::eager, 10) : data(1, 10);
    ASSERT_TRUE(endpoint().on_frame_begin(peer, frame).ok());
    carrier.discarded = 0;
    endpoint().peer_lost(peer, "died");
    EXPECT_GE(carrier.discarded, 1);
    ASSERT_TRUE(receive.done());
    EXPECT_EQ(receive.failure()->code, Errc::peer_lost);
    EXPECT_EQ(carrier.abandoned.back(), peer);
  }
}

TEST_F(EndpointStates, LossFailsTheReceiveOfAMessageBeingTakenIn) {
  arrive(rts(1, 100));
  ASSERT_TRUE(endpoint().take_in_unexpected());
  Place place(100);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  EXPECT_FALSE(receive.done());
  endpoint().peer_lost(other, "died");
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(text(receive), "rank 1 died");
}

TEST_F(EndpointStates, EndCancelsWhatIsUnderWay) {
  const Bytes large = pattern(Limits{}.eager_bytes + 1, 1);
  {
    SendOperation withdrawn(endpoint());
    endpoint().start_send(withdrawn, other, context, 1, sending(large), false);
  }
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 10), pattern(10, 1)), "");
  EXPECT_EQ(arrive(rts(1, 100, 2)), "");
  ASSERT_TRUE(endpoint().take_in_unexpected());
  // The fixture's end destroys the endpoint: a memory checker sees what is left.
}

TEST_F(EndpointStates, LiesEndInAFailure) {
  EXPECT_EQ(arrive(data(5, 10)), "sent a payload nobody asked for");
  EXPECT_EQ(arrive(plain(FrameKind::cts, 5)), "asked for a message that was not offered");
  EXPECT_EQ(arrive(plain(FrameKind::bye)), "sent a frame that has no place here");
  EXPECT_EQ(arrive(plain(FrameKind::eager_again)), "sent a frame that has no place here");

  EXPECT_EQ(arrive(rts(1, 10)), "");
  EXPECT_EQ(arrive(data(1, 10)), "sent a payload nobody asked for") << "offered, not wanted yet";
  Place place(10);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  EXPECT_EQ(arrive(data(1, 11)), "sent more of a payload than it announced");
  EXPECT_EQ(arrive(data(1, 6), pattern(6, 1)), "");
  EXPECT_EQ(arrive(data(1, 5)), "sent more of a payload than it announced");
  EXPECT_EQ(arrive(data(1, 4), pattern(4, 1)), "");
  EXPECT_TRUE(receive.done());
}

TEST_F(EndpointStates, CtsTwiceIsALie) {
  const Bytes large = pattern(Limits{}.eager_bytes + 1, 1);
  SendOperation send(endpoint());
  endpoint().start_send(send, other, context, 1, sending(large), false);
  const std::uint64_t id = carrier.take().at(0).frame.send_id;
  EXPECT_EQ(arrive(plain(FrameKind::cts, id)), "");
  EXPECT_EQ(arrive(plain(FrameKind::cts, id)), "asked for a message that was not offered");
  EXPECT_EQ(arrive(plain(FrameKind::cts, id, true)), "asked for a message that was not offered");
  EXPECT_EQ(arrive(plain(FrameKind::cts, id), {}, third),
            "asked for a message that was not offered");
  EXPECT_FALSE(send.done());
}

TEST_F(EndpointStates, RtsBeyondTheCreditIsALie) {
  Limits limits;
  limits.envelopes_per_peer = 2;
  make(limits);
  EXPECT_EQ(arrive(rts(1, 10)), "");
  EXPECT_EQ(arrive(rts(2, 10)), "");
  EXPECT_EQ(arrive(rts(3, 10)), "sent more than it was given room for");
}

TEST_F(EndpointStates, TwoOffersUnderOneNumberAreALie) {
  const std::string lie = "offered two messages under one number";
  EXPECT_EQ(arrive(rts(1, 10, 1)), "");
  EXPECT_EQ(arrive(rts(1, 10, 2)), lie) << "neither is wanted yet";
  Place place(10);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other, 1), place.buffer(), members);
  EXPECT_EQ(arrive(rts(1, 10, 2)), lie) << "the first is streaming";
  EXPECT_EQ(arrive(data(1, 10), pattern(10, 1)), "");
  EXPECT_EQ(arrive(rts(1, 10, 2)), lie) << "the first is through";
  EXPECT_EQ(arrive(rts(2, 10, 2)), "");
  EXPECT_EQ(arrive(rts(2, 10, 2), {}, third), "") << "each peer counts for itself";
}

TEST_F(EndpointStates, CreditBeyondCountingIsALie) {
  EXPECT_EQ(arrive(credit(std::numeric_limits<std::uint32_t>::max(), 0)),
            "granted more room than can be counted");
  EXPECT_EQ(arrive(credit(0, std::numeric_limits<std::uint64_t>::max())),
            "granted more room than can be counted");
  EXPECT_EQ(arrive(credit(1, 1)), "");
}

TEST_F(EndpointStates, MessageFarTooLargeFailsTheReceive) {
  EXPECT_EQ(arrive(rts(1, std::uint64_t{1} << 30)), "");
  EXPECT_FALSE(endpoint().take_in_unexpected()) << "beyond the memory for such";
  Place place(10);
  RecvOperation receive(endpoint());
  endpoint().start_recv(receive, from(other), place.buffer(), members);
  ASSERT_TRUE(receive.done());
  EXPECT_EQ(receive.failure()->code, Errc::truncated);
}

TEST_F(EndpointStates, RetiredContextDropsWhatIsThereAndWhatComes) {
  EXPECT_EQ(arrive(envelope(FrameKind::eager, 10), pattern(10, 1)), "");
  EXPECT_EQ(arrive(rts(1, 10)), "");
  EXPECT_EQ(arrive(rts(2, 10)), "");
  ASSERT_TRUE(endpoint().take_in_unexpected());
  carrier.take();
  endpoint().retire_context(context);
  auto sent = carrier.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].frame.kind == FrameKind::cts && sent[0].frame.flag &&
              sent[0].frame.send_id == 2);
  EXPECT_EQ(endpoint().probe(from(match::any, match::any)), nullptr);
  EXPECT_EQ(arrive(data(1, 10), pattern(10, 1)), "") << "what was asked for still comes";

  EXPECT_EQ(arrive(envelope(FrameKind::eager, 10), pattern(10, 1)), "");
  EXPECT_EQ(arrive(rts(3, 10)), "");
  sent = carrier.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].frame.kind == FrameKind::cts && sent[0].frame.flag);
  EXPECT_EQ(endpoint().probe(from(match::any, match::any)), nullptr);
}

TEST_F(EndpointStates, ContextRetiredInsideAnEagerFrame) {
  const Frame frame = envelope(FrameKind::eager, 10);
  const auto place = endpoint().on_frame_begin(other, frame);
  ASSERT_TRUE(place.ok());
  endpoint().retire_context(context);
  if (place.value() != nullptr) std::memset(place.value(), 1, 10);
  EXPECT_TRUE(endpoint().on_frame_end(other, frame).ok());
  EXPECT_EQ(endpoint().probe(from(match::any, match::any)), nullptr);
}

TEST_F(EndpointStates, DroppedMessagesGiveTheirCreditBack) {
  Limits limits;
  limits.envelopes_per_peer = 2;
  make(limits);
  arrive(envelope(FrameKind::eager, 10), pattern(10, 1));
  arrive(rts(1, 10));
  endpoint().retire_context(context);
  std::uint32_t envelopes = 0;
  for (const auto& sent : carrier.take()) envelopes += sent.frame.envelopes;
  EXPECT_EQ(envelopes, 2u);
}

}  // namespace
}  // namespace prun::p2p
