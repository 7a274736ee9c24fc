// What holds for shared memory alone: how a segment comes to be, ranks that lie in it, and sleep.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "runtime/bootstrap/shared_segment.hpp"
#include "runtime/transport/shm/shm_ring.hpp"
#include "runtime/wire/codec.hpp"
#include "tests/conformance/transport_suite_shm_net.hpp"

namespace prun::test {

ShmNet::ShmNet(int ranks, bool single_copy)
    : TransportNet(ranks), receivers_(static_cast<std::size_t>(ranks)) {
  const auto made = bootstrap::make_shared_segment(job_id, static_cast<std::uint32_t>(ranks));
  if (!made.ok()) {
    ADD_FAILURE() << made.failure().text;
    std::abort();
  }
  segment_ = made.value();
  transports_.resize(static_cast<std::size_t>(ranks));
  for (WorldRank rank = 0; rank < ranks; ++rank) {
    loops_.push_back(std::make_unique<asio::io_context>(1));
    transport::ShmTransport::Settings settings;
    settings.descriptor = ::fcntl(segment_, F_DUPFD_CLOEXEC, 3);
    settings.job_id = job_id;
    settings.self = rank;
    for (WorldRank other = 0; other < ranks; ++other) settings.ranks.push_back(other);
    settings.single_copy = single_copy;
    auto opened = transport::ShmTransport::open(loop(rank), settings, receiver(rank));
    if (!opened.ok()) {
      ADD_FAILURE() << opened.failure().text;
      std::abort();
    }
    transports_[static_cast<std::size_t>(rank)] = std::move(opened).value();
  }
}

ShmNet::~ShmNet() {
  transports_.clear();
  ::close(segment_);
}

bool ShmNet::step(WorldRank rank) {
  const bool events = loop(rank).poll() > 0;
  loop(rank).restart();
  const bool moved = shm(rank).progress();
  if (!moved) shm(rank).arm();
  return events || moved;
}

std::unique_ptr<TransportNet> make_shm_net(int ranks, bool single_copy) {
  return std::make_unique<ShmNet>(ranks, single_copy);
}

namespace {

using testing::HasSubstr;
using transport::WorldRank;
using transport::shm::RecordKind;
using transport::shm::RingWriter;
using transport::shm::Segment;
using transport::shm::Window;
using transport::shm::word;
namespace pair_page = transport::shm::pair_page;
namespace rank_page = transport::shm::rank_page;
using wire::Frame;
using wire::FrameKind;
using Bytes = std::vector<std::byte>;

Frame eager(std::int32_t tag, std::size_t bytes) {
  Frame frame;
  frame.kind = FrameKind::eager;
  frame.envelope = {1, tag, bytes, {}};
  return frame;
}

Bytes header_of(const Frame& frame) {
  const auto header = wire::encode_header(frame, nullptr);
  return {header.view().begin(), header.view().end()};
}

class ShmSuite : public testing::Test {
 protected:
  // Rank 0 is as it should be; what rank 1 does is up to the test, by hand.
  void SetUp() override {
    net_ = std::make_unique<ShmNet>(2, true);
    const auto shape = bootstrap::check_shared_segment(net_->segment(), ShmNet::job_id, 2);
    ASSERT_TRUE(shape.ok());
    auto segment = Segment::open(::dup(net_->segment()), ShmNet::job_id, 1, 2);
    ASSERT_TRUE(segment.ok());
    segment_ = std::move(segment).value();
    auto there = segment_->pair(1, 0);
    auto back = segment_->pair(0, 1);
    ASSERT_TRUE(there.ok() && back.ok());
    there_ = std::move(there).value();
    back_ = std::move(back).value();
    ring_ = std::make_unique<RingWriter>(there_.data(), segment_->ring_bytes());
  }

  void record(RecordKind kind, const Bytes& content) {
    std::byte* at = ring_->begin(content.size());
    ASSERT_NE(at, nullptr);
    std::copy(content.begin(), content.end(), at);
    ring_->publish(kind, content.size());
  }
  void knock() {
    word(segment_->page_of(0) + rank_page::knocks).fetch_or(2);
    word(segment_->page_of(0) + rank_page::attention).fetch_add(1);
  }
  // What rank 0 says of rank 1 in the end.
  std::string verdict() {
    knock();
    for (int i = 0; i < 20 && net_->receiver(0).gone().empty(); ++i) net_->step(0);
    if (net_->receiver(0).gone().empty()) return "nothing";
    EXPECT_FALSE(net_->receiver(0).gone().front().orderly);
    EXPECT_EQ(net_->receiver(0).times_gone(1), 1u);
    return net_->receiver(0).gone().front().cause;
  }
  std::byte* mark() { return there_.data() + pair_page::ring; }

  std::unique_ptr<ShmNet> net_;
  std::unique_ptr<Segment> segment_;
  Window there_;
  Window back_;
  std::unique_ptr<RingWriter> ring_;
};

TEST_F(ShmSuite, HonestRecordsAreHeard) {
  Bytes content = header_of(eager(3, 5));
  content.resize(content.size() + 5, std::byte{7});
  record(RecordKind::frame, content);
  record(RecordKind::frame, {std::byte{2}, std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                             std::byte{5}});  // the same envelope again
  EXPECT_EQ(verdict(), "nothing");
  ASSERT_EQ(net_->receiver(0).arrived().size(), 2u);
  EXPECT_EQ(net_->receiver(0).arrived()[0].payload, Bytes(5, std::byte{7}));
  EXPECT_EQ(net_->receiver(0).arrived()[1].frame.envelope.tag, 3);
}

TEST_F(ShmSuite, MarksThatNobodyWritesEndTheConnection) {
  for (const std::uint32_t lie :
       {5u << 24 | 10u, 0xffu << 24, 10u, 1u << 24 | 0xffffffu, 4u << 24, 2u << 24 | 65536u}) {
    SetUp();
    word(mark()).store(lie);
    EXPECT_THAT(verdict(), HasSubstr("sent what no rank sends: ")) << lie;
    EXPECT_TRUE(net_->receiver(0).arrived().empty());
    EXPECT_EQ(word(there_.data() + pair_page::cut).load(), 1u) << "it is told";
  }
}

TEST_F(ShmSuite, RecordsOutOfPlaceEndTheConnection) {
  const Bytes offer_without_slot = [] {
    Frame frame;
    frame.kind = FrameKind::data;
    frame.length = 100;
    Bytes bytes = header_of(frame);
    bytes.resize(bytes.size() + 8, std::byte{0});
    bytes.resize(bytes.size() + 4, std::byte{0xff});
    return bytes;
  }();
  Bytes idle_slot = offer_without_slot;
  std::fill(idle_slot.end() - 4, idle_slot.end(), std::byte{0});
  Bytes too_much = header_of(eager(1, 2));
  too_much.resize(too_much.size() + 3);
  Frame compressed;
  compressed.kind = FrameKind::lz4_data;
  compressed.length = 100;
  compressed.packed_length = 10;
  struct Lie {
    RecordKind kind;
    Bytes content;
    std::string cause;
  };
  const std::vector<Lie> lies{
      {RecordKind::frame, {}, "data frame cut short"},
      {RecordKind::frame, Bytes(7, std::byte{1}), "data frame cut short"},
      {RecordKind::frame, {std::byte{99}}, "data frame of an unknown kind 99"},
      {RecordKind::frame, {std::byte{2}}, "repeats an envelope before there was one"},
      {RecordKind::frame, too_much, "frame with more than its payload"},
      {RecordKind::frame, header_of(compressed), "compressed payload within a host"},
      {RecordKind::more, Bytes(5), "payload that belongs to no frame"},
      {RecordKind::remote, Bytes(5), "offer that nobody can take"},
      {RecordKind::remote, offer_without_slot, "offer in no slot"},
      {RecordKind::remote, idle_slot, "offer that is none"},
  };
  for (const Lie& lie : lies) {
    SetUp();
    record(lie.kind, lie.content);
    EXPECT_THAT(verdict(), HasSubstr(lie.cause));
  }
}

TEST_F(ShmSuite, FrameInsideAnotherEndsTheConnection) {
  record(RecordKind::frame, header_of(eager(1, 10)));
  record(RecordKind::frame, header_of(eager(1, 0)));
  EXPECT_THAT(verdict(), HasSubstr("frame inside another"));
}

TEST_F(ShmSuite, OfferOfMemoryThatIsNotThereEndsTheConnection) {
  net_->shm(1).send_frame(0, eager(1, 0), {});  // an honest one makes the slot known
  Frame frame;
  frame.kind = FrameKind::data;
  frame.length = 100;
  Bytes offer = header_of(frame);
  offer.resize(28);
  wire::store_little<std::uint64_t>(offer.data() + 16, 4096);
  offer[26] = std::byte{1};  // turn
  transport::shm::CopySlot(there_.data(), 0).post(1);
  net_->step(0);
  // The writer of the test goes on where the honest one stopped.
  ring_->publish(RecordKind::frame, 32);
  record(RecordKind::remote, offer);
  EXPECT_THAT(verdict(), HasSubstr("its memory cannot be reached"));
}

TEST_F(ShmSuite, ReaderThatClaimsTooMuchIsCutOff) {
  net_->shm(0).send_frame(1, eager(1, 10), Bytes(10));
  word(back_.data() + pair_page::taken).store(0x80000000u);
  for (int i = 0; i < 100; ++i) net_->shm(0).send_frame(1, eager(1, 1000), Bytes(1000));
  EXPECT_THAT(verdict(), HasSubstr("claims to have read what was never written"));
}

TEST_F(ShmSuite, NothingOfARankIsBelievedThatIsOutsideTheJob) {
  EXPECT_FALSE(bootstrap::check_shared_segment(net_->segment(), ShmNet::job_id + 1, 2).ok());
  EXPECT_FALSE(bootstrap::check_shared_segment(net_->segment(), ShmNet::job_id, 3).ok());
  const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  EXPECT_FALSE(bootstrap::check_shared_segment(file, ShmNet::job_id, 2).ok());
  ::close(file);
  EXPECT_NE(::ftruncate(net_->segment(), 0), 0) << "memory could be taken away";
}

TEST_F(ShmSuite, SegmentsOfManyRanksHaveRoomForAll) {
  EXPECT_FALSE(bootstrap::make_shared_segment(1, bootstrap::SegmentShape::most_ranks + 1).ok());
  const auto made = bootstrap::make_shared_segment(1, 256);
  ASSERT_TRUE(made.ok());
  auto segment = Segment::open(made.value(), 1, 255, 256);
  ASSERT_TRUE(segment.ok());
  auto window = segment.value()->pair(255, 254);
  ASSERT_TRUE(window.ok());
  word(window.value().data() + pair_page::ring).store(1);
}

// A rank that sleeps in its event loop hears its doorbell, and one that does not is not rung.
TEST_F(ShmSuite, SleeperIsWoken) {
  net_->exhaust(0);
  net_->shm(0).arm();
  EXPECT_EQ(word(segment_->page_of(0) + rank_page::sleeping).load(), 1u);
  net_->shm(1).send_frame(0, eager(1, 0), {});
  EXPECT_EQ(word(segment_->page_of(0) + rank_page::sleeping).load(), 0u);
  EXPECT_GT(net_->loop(0).run_one_for(std::chrono::seconds(10)), 0u);
  EXPECT_TRUE(net_->shm(0).progress());
  ASSERT_TRUE(net_->run_until([&] { return net_->receiver(0).arrived().size() == 1; }));
}

// Whoever waits for room in a ring is woken by the one who makes it.
TEST_F(ShmSuite, SenderThatWaitsForRoomIsWoken) {
  for (int i = 0; i < 200; ++i) net_->shm(0).send_frame(1, eager(1, 1000), Bytes(1000));
  EXPECT_FALSE(net_->shm(0).flushed(1));
  net_->exhaust(0);
  net_->shm(0).arm();
  EXPECT_EQ(word(segment_->page_of(0) + rank_page::sleeping).load(), 1u);
  net_->exhaust(1);
  EXPECT_EQ(word(segment_->page_of(0) + rank_page::sleeping).load(), 0u);
  ASSERT_TRUE(net_->run_until([&] { return net_->receiver(1).arrived().size() == 200; }));
  EXPECT_TRUE(net_->shm(0).flushed(1));
}

}  // namespace
}  // namespace prun::test
