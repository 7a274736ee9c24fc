// A rank whose neighbour on the host writes anything into the memory they share: records, marks and
// counters, while the program goes on. Without copies between processes: a liar would choose whose.

#include <fcntl.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <memory>
#include <vector>

#include "runtime/bootstrap/shared_segment.hpp"
#include "runtime/transport/shm/shm_ring.hpp"
#include "runtime/transport/shm/shm_transport.hpp"
#include "tests/fuzz/endpoint_driver.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

using transport::shm::RecordKind;
using transport::shm::RingWriter;
using transport::shm::Segment;
using transport::shm::Window;
using transport::shm::word;
namespace pair_page = transport::shm::pair_page;
namespace rank_page = transport::shm::rank_page;

constexpr std::uint64_t job_id = 0x5678;

template <class T>
T got(core::Result<T> result) {
  require(result.ok(), "there is memory for a fuzzer");
  return std::move(result).value();
}

// Stands between the transport and its rank, because each needs the other to be made.
class Relay final : public transport::Receiver {
 public:
  transport::Receiver* to = nullptr;

  core::Result<std::byte*> on_frame_begin(transport::WorldRank from,
                                          const wire::Frame& frame) override {
    return to->on_frame_begin(from, frame);
  }
  core::Status on_frame_end(transport::WorldRank from, const wire::Frame& frame) override {
    return to->on_frame_end(from, frame);
  }
  void on_bulk_sent(transport::BulkSend& bulk) override { to->on_bulk_sent(bulk); }
  void on_peer_gone(transport::WorldRank peer, bool orderly, const std::string& cause) override {
    to->on_peer_gone(peer, orderly, cause);
  }
};

// The memory as the liar has it.
class Liar {
 public:
  explicit Liar(int descriptor)
      : segment_(got(Segment::open(descriptor, job_id, EndpointDriver::liar, 2))),
        there_(got(segment_->pair(1, 0))),
        back_(got(segment_->pair(0, 1))),
        ring_(there_.data(), segment_->ring_bytes()) {
    word(segment_->page_of(1) + rank_page::state)
        .store(static_cast<std::uint32_t>(transport::shm::RankState::here));
  }

  void lie(Input& input) {
    switch (input.up_to(6)) {
      case 0:
      case 1: {
        const wire::Frame frame = EndpointDriver::frame(input);
        const auto header = wire::encode_header(frame, nullptr);
        const std::uint64_t payload = std::min<std::uint64_t>(frame.payload_bytes(), 3000);
        // Now and then not as long as it says.
        const std::size_t bytes = input.u8() == 3
                                      ? input.up_to(4000)
                                      : header.view().size() + static_cast<std::size_t>(payload);
        std::vector<std::byte> content(bytes);
        std::copy_n(header.view().begin(), std::min(bytes, header.view().size()), content.begin());
        record(RecordKind::frame, content);
        break;
      }
      case 2:
        record(static_cast<RecordKind>(input.u8()), input.take(input.u8()));
        break;
      case 3:
        store(there_.data() + pair_page::ring, segment_->ring_bytes() / 4 - 1, input);
        break;
      case 4:
        store((input.flag() ? there_ : back_).data(), pair_page::ring / 4 - 1, input);
        break;
      case 5:
        // Of its own page the process id is left alone: nobody else is to be asked anything.
        store(segment_->page_of(1) + 8, rank_page::token_address / 4 - 3, input);
        break;
      default:
        knock();
        break;
    }
  }
  void knock() {
    word(segment_->page_of(0) + rank_page::knocks).fetch_or(2);
    word(segment_->page_of(0) + rank_page::attention).fetch_add(1);
  }

 private:
  void record(RecordKind kind, Bytes content) {
    if (content.size() > ring_.most_content()) return;
    std::byte* at = ring_.begin(content.size());
    if (at == nullptr) return;
    std::copy(content.begin(), content.end(), at);
    ring_.publish(kind, content.size());
  }
  static void store(std::byte* words, std::size_t last, Input& input) {
    const std::size_t index = input.up_to(last);
    word(words + 4 * index).store(input.u32());
  }

  std::unique_ptr<Segment> segment_;
  Window there_;
  Window back_;
  RingWriter ring_;
};

}  // namespace

void shared_memory(Bytes bytes) {
  Input input(bytes);
  const int segment = got(bootstrap::make_shared_segment(job_id, 2));
  asio::io_context loop(1);
  transport::ShmTransport::Settings settings;
  settings.descriptor = segment;
  settings.job_id = job_id;
  settings.self = 0;
  settings.ranks = {0, EndpointDriver::liar};
  settings.single_copy = false;
  Relay relay;
  Liar liar(::fcntl(segment, F_DUPFD_CLOEXEC, 3));
  const auto transport = got(transport::ShmTransport::open(loop, settings, relay));
  EndpointDriver rank(*transport);
  relay.to = &rank.endpoint();
  liar.knock();
  while (!input.empty()) {
    if (input.flag()) {
      liar.lie(input);
    } else {
      rank.act(input);
    }
    transport->progress();
    rank.endpoint().run_ready();
  }
  for (int i = 0; i < 4; ++i) transport->progress();
}

}  // namespace prun::fuzz
