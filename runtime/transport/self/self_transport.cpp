#include "runtime/transport/self/self_transport.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/core/assert.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::transport {

void SelfTransport::send_frame(WorldRank, const wire::Frame& frame,
                               std::span<const std::byte> payload) {
  frames_.push_back({frame, {payload.begin(), payload.end()}});
}

void SelfTransport::forget_bulk(BulkSend& bulk) {
  if (bulk.linked()) BulkQueue::remove(bulk);
}

void SelfTransport::deliver(const wire::Frame& frame, std::span<const std::byte> payload) {
  const auto place = receiver_.on_frame_begin(self_, frame);
  PRUN_ASSERT(place.ok());
  if (place.value() != nullptr && !payload.empty())
    std::memcpy(place.value(), payload.data(), payload.size());
  PRUN_ASSERT(receiver_.on_frame_end(self_, frame).ok());
}

bool SelfTransport::progress() {
  if (frames_.empty() && bulks_.empty()) return false;
  for (std::deque<Queued> arriving = std::exchange(frames_, {}); const Queued& queued : arriving) {
    deliver(queued.frame, queued.payload);
  }
  if (BulkSend* bulk = bulks_.front()) {
    wire::Frame frame;
    frame.kind = wire::FrameKind::data;
    frame.send_id = bulk->send_id;
    const std::span<const std::byte> rest = bulk->payload.subspan(bulk->sent);
    frame.length = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(rest.size(), wire::max_data_segment_bytes));
    bulk->sent += frame.length;
    const bool whole = bulk->sent == bulk->payload.size();
    if (whole) BulkQueue::remove(*bulk);
    deliver(frame, rest.first(frame.length));
    if (whole) receiver_.on_bulk_sent(*bulk);
  }
  return true;
}

}  // namespace prun::transport
