#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/transport/tcp/segment_packer.hpp"
#include "runtime/transport/transport.hpp"
#include "runtime/wire/data_frame.hpp"

namespace prun::transport {

// What is to be written to one connection, in order: small frames as bytes, large payloads as
// segments that small frames may overtake. Outlives the socket it is written to, so frames can be
// queued while it is being connected. A plain object of one thread.
//
// A segment is what a small frame waits for at most: 8 KiB, or as set for the speed of the wire.
// While the carrier takes whole segments without pushing back, they double, up to 256 KiB; the
// first push-back makes them small again. A compressed segment stands for 16 KiB, and is what is
// left of them.
class TcpOutbox {
 public:
  static constexpr std::size_t smallest_segment = 8u << 10;
  static constexpr std::size_t largest_segment = 256u << 10;
  static constexpr std::size_t pieces = 4;

  // Compresses what it finds worth it from now on.
  void set_packer(std::unique_ptr<SegmentPacker> packer) { packer_ = std::move(packer); }
  SegmentPacker* packer() { return packer_.get(); }

  bool empty() const { return bytes_.size() == start_ && bulks_.empty(); }

  // Small frames wait, perhaps behind a segment that has begun.
  bool frames_waiting() const { return bytes_.size() != start_; }
  bool has_bulk() const { return !bulks_.empty(); }
  std::size_t frame_bytes_waiting() const { return bytes_.size() - start_; }

  // How long segments are while the carrier pushes back.
  void set_small_segment(std::size_t bytes) { small_segment_ = bytes; }

  // A frame's header as it must be written next on this connection: remembers envelopes for the
  // short form.
  wire::EncodedHeader encode(const wire::Frame& frame);
  // Bytes to be written behind all small frames queued before.
  void append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  // The same for bytes of a message, which count as copied.
  void append_payload(std::span<const std::byte> bytes) {
    append(bytes);
    counters_.bytes_copied += bytes.size();
  }
  void add(const wire::Frame& frame, std::span<const std::byte> payload) {
    append(encode(frame).view());
    append_payload(payload);
  }

  void add_bulk(BulkSend& bulk) { bulks_.push_back(bulk); }
  // Takes a payload back; what has begun to leave of it is copied so that the stream stays whole.
  void forget(BulkSend& bulk);

  // What to write next; empty pieces are left out. Returns how many there are.
  std::size_t gather(std::array<iovec, pieces>& out);
  // So many bytes of what gather gave were written; `all` if that was everything. The payload that
  // is thereby handed over whole, or null.
  BulkSend* written(std::size_t count, bool all);

  // Frames, messages and copies.
  const Counters& counters() const { return counters_; }

  // Forgets everything; bulk sends are unlinked, not reported.
  void clear();

 private:
  std::size_t take_bytes(std::size_t count);
  void make_segment();
  void segment_is_through();
  void let_go_of_payload();
  std::size_t segment_size() const { return segment_header_.view().size() + segment_.size(); }

  Counters counters_;
  std::vector<std::byte> bytes_;
  std::size_t start_ = 0;  // of what is not yet written in bytes_
  BulkQueue bulks_;
  std::optional<wire::Envelope> previous_;

  // The segment of the first bulk that was offered to the carrier last.
  bool has_segment_ = false;
  wire::EncodedHeader segment_header_;
  std::span<const std::byte> segment_;  // as it goes on the wire
  std::size_t segment_length_ = 0;      // of the payload
  std::size_t segment_written_ =
      0;  // of header and payload; not zero: it must be finished before other bytes
  std::size_t small_segment_ = smallest_segment;
  std::size_t segment_bytes_ = smallest_segment;

  // What is on the peer's side of the message whose segment went last, without another message's in
  // between: what a compressed segment may refer to.
  std::unique_ptr<SegmentPacker> packer_;
  std::uint64_t run_id_ = 0;
  std::size_t run_bytes_ = 0;
};

}  // namespace prun::transport
