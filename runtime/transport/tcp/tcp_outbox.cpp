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

void TcpOutbox::make_segment() {
  BulkSend& bulk = *bulks_.front();
  wire::Frame frame;
  frame.kind = wire::FrameKind::data;
  frame.send_id = bulk.send_id;
  segment_ = bulk.payload.subspan(bulk.sent);
  segment_ = segment_.first(std::min(segment_.size(), segment_bytes_));
  segment_length_ = segment_.size();
  if (packer_) {
    const std::size_t known = run_id_ == bulk.send_id ? run_bytes_ : 0;
    const std::size_t history = std::min({known, bulk.sent, block_history_bytes});
    const auto packed = packer_->pack(bulk.payload, bulk.sent, segment_bytes_, history);
    segment_length_ = packed.length;
    segment_ = segment_.first(packed.length);
    if (!packed.block.empty()) {
      segment_ = packed.block;
      frame.kind = wire::FrameKind::lz4_data;
      frame.packed_length = static_cast<std::uint32_t>(packed.block.size());
      frame.history = static_cast<std::uint32_t>(history);
    }
  }
  frame.length = static_cast<std::uint32_t>(segment_length_);
  segment_header_ = encode(frame);
  segment_written_ = 0;
  has_segment_ = true;
}

void TcpOutbox::segment_is_through() {
  BulkSend& bulk = *bulks_.front();
  has_segment_ = false;
  bulk.sent += segment_length_;
  if (run_id_ != bulk.send_id) run_bytes_ = 0;
  run_id_ = bulk.send_id;
  run_bytes_ += segment_length_;
}

void TcpOutbox::let_go_of_payload() {
  if (!packer_) return;
  packer_->let_go();
  if (bulks_.empty()) packer_->rest();
}

std::size_t TcpOutbox::gather(std::array<iovec, pieces>& out) {
  if (!has_segment_ && !bulks_.empty()) make_segment();
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
  } else if (!segment_first && segment_length_ >= segment_bytes_) {
    segment_bytes_ = std::min(segment_bytes_ * 2, largest_segment);
  }
  if (!segment_first) count -= take_bytes(count);
  const std::size_t of_segment = std::min(count, segment_size() - segment_written_);
  segment_written_ += of_segment;
  if (segment_first) take_bytes(count - of_segment);
  if (segment_written_ < segment_size()) return nullptr;
  segment_is_through();
  BulkSend& bulk = *bulks_.front();
  if (bulk.sent < bulk.payload.size()) return nullptr;
  BulkQueue::remove(bulk);
  let_go_of_payload();
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
      segment_is_through();
    }
    has_segment_ = false;
  }
  BulkQueue::remove(bulk);
  let_go_of_payload();
}

void TcpOutbox::clear() {
  bytes_.clear();
  start_ = 0;
  has_segment_ = false;
  while (bulks_.pop_front() != nullptr) {
  }
  let_go_of_payload();
}

}  // namespace prun::transport
