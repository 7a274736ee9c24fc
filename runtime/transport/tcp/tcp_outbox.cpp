#include "runtime/transport/tcp/tcp_outbox.hpp"

#include <algorithm>

namespace prun::transport {
namespace {

iovec piece(std::span<const std::byte> bytes) {
  // sendmsg reads only; its structure has no const.
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

wire::EncodedHeader TcpOutbox::encode(const wire::Frame& frame) {
  const wire::EncodedHeader header = wire::encode_header(frame, previous_ ? &*previous_ : nullptr);
  if (frame.kind == wire::FrameKind::eager) previous_ = frame.envelope;
  ++counters_.frames_sent;
  counters_.messages_sent += wire::begins_message(frame.kind);
  return header;
}

std::size_t TcpOutbox::gather(std::array<iovec, pieces>& out) {
  if (!has_segment_ && !bulks_.empty()) {
    BulkSend& bulk = *bulks_.front();
    segment_ = bulk.payload.subspan(bulk.sent);
    segment_ = segment_.first(std::min(segment_.size(), segment_bytes_));
    wire::Frame frame;
    frame.kind = wire::FrameKind::data;
    frame.send_id = bulk.send_id;
    frame.length = static_cast<std::uint32_t>(segment_.size());
    segment_header_ = encode(frame);
    segment_written_ = 0;
    has_segment_ = true;
  }
  std::size_t count = 0;
  const auto put = [&](std::span<const std::byte> bytes) {
    if (!bytes.empty()) out[count++] = piece(bytes);
  };
  const auto small = std::span<const std::byte>(bytes_).subspan(start_);
  if (!has_segment_) {
    put(small);
    return count;
  }
  const auto header = segment_header_.view();
  const std::size_t in_header = std::min(segment_written_, header.size());
  if (segment_written_ == 0) put(small);
  put(header.subspan(in_header));
  put(segment_.subspan(segment_written_ - in_header));
  if (segment_written_ != 0) put(small);
  return count;
}

std::size_t TcpOutbox::take_bytes(std::size_t count) {
  const std::size_t taken = std::min(count, bytes_.size() - start_);
  start_ += taken;
  if (start_ == bytes_.size()) {
    bytes_.clear();
    start_ = 0;
  } else if (start_ > bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }
  return taken;
}

BulkSend* TcpOutbox::written(std::size_t count, bool all) {
  if (!has_segment_) {
    take_bytes(count);
    return nullptr;
  }
  const bool segment_first = segment_written_ != 0;
  if (!all) {
    segment_bytes_ = small_segment_;
  } else if (!segment_first) {
    segment_bytes_ = std::min(segment_bytes_ * 2, largest_segment);
  }
  if (!segment_first) count -= take_bytes(count);
  const std::size_t of_segment = std::min(count, segment_size() - segment_written_);
  segment_written_ += of_segment;
  if (segment_first) take_bytes(count - of_segment);
  if (segment_written_ < segment_size()) return nullptr;
  has_segment_ = false;
  BulkSend& bulk = *bulks_.front();
  bulk.sent += segment_.size();
  if (bulk.sent < bulk.payload.size()) return nullptr;
  BulkQueue::remove(bulk);
  return &bulk;
}

void TcpOutbox::forget(BulkSend& bulk) {
  if (!bulk.linked()) return;
  if (has_segment_ && bulks_.front() == &bulk) {
    if (segment_written_ != 0) {
      const auto header = segment_header_.view();
      const std::size_t in_header = std::min(segment_written_, header.size());
      std::vector<std::byte> rest(header.begin() + static_cast<std::ptrdiff_t>(in_header),
                                  header.end());
      const auto payload = segment_.subspan(segment_written_ - in_header);
      rest.insert(rest.end(), payload.begin(), payload.end());
      counters_.bytes_copied += payload.size();
      bytes_.insert(bytes_.begin() + static_cast<std::ptrdiff_t>(start_), rest.begin(), rest.end());
      bulk.sent += segment_.size();
    }
    has_segment_ = false;
  }
  BulkQueue::remove(bulk);
}

void TcpOutbox::clear() {
  bytes_.clear();
  start_ = 0;
  has_segment_ = false;
  while (bulks_.pop_front() != nullptr) {
  }
}

}  // namespace prun::transport
