#pragma once

#include <prun/datatype.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/core/result.hpp"

// The frames of the data plane, rank to rank: a header of 1 to 40 bytes, then payload.
// docs/wire_format.md gives every field. Plain values; encode and decode are pure.
namespace prun::wire {

enum class FrameKind : std::uint8_t {
  eager = 1,  // an envelope and its whole payload
  eager_again =
      2,    // the same envelope as the eager frame before it on this connection: one byte of header
  rts = 3,  // an envelope; the payload waits at the sender ("request to send")
  cts = 4,  // the payload of that rts is wanted ("clear to send"), or refused
  data = 5,      // a segment of such a payload
  credit = 6,    // room for further messages
  stalled = 7,   // the sender has messages but no room: grant some if you wait for one of them
  bye = 8,       // nothing further will come on this connection
  lz4_data = 9,  // a segment of such a payload, compressed
};

// Whether it carries the envelope of a message: each message has one such frame.
constexpr bool begins_message(FrameKind kind) {
  return kind == FrameKind::eager || kind == FrameKind::eager_again || kind == FrameKind::rts;
}

// What a receive is matched by, and what the message holds.
struct Envelope {
  std::uint32_t context = 0;
  std::int32_t tag = 0;
  std::uint64_t count = 0;  // elements
  Datatype type;

  std::uint64_t bytes() const { return count * type.size; }
  bool operator==(const Envelope&) const = default;
};

struct Frame {
  FrameKind kind = FrameKind::bye;
  bool flag = false;                // rts: synchronous; cts: refused
  Envelope envelope;                // eager, rts
  std::uint64_t send_id = 0;        // rts, cts, data, lz4_data: the sender's number for the message
  std::uint32_t length = 0;         // data, lz4_data: bytes of the message in this segment
  std::uint32_t packed_length = 0;  // lz4_data: bytes that stand for them
  std::uint32_t history = 0;    // lz4_data: bytes of the message before it that these may refer to
  std::uint32_t envelopes = 0;  // credit
  std::uint64_t credit_bytes = 0;  // credit

  // Bytes that follow the header.
  std::uint64_t payload_bytes() const {
    if (kind == FrameKind::eager) return envelope.bytes();
    if (kind == FrameKind::lz4_data) return packed_length;
    return kind == FrameKind::data ? length : 0;
  }
};

inline constexpr std::size_t max_header_bytes = 40;

// A header in its bytes.
class EncodedHeader {
 public:
  std::span<const std::byte> view() const { return std::span(bytes_).first(size_); }

 private:
  friend EncodedHeader encode_header(const Frame& frame, const Envelope* previous);
  std::array<std::byte, max_header_bytes> bytes_{};
  std::size_t size_ = 0;
};

// `previous`: the envelope of the eager frame sent last on this connection, or null; an equal one
// shrinks to a byte.
EncodedHeader encode_header(const Frame& frame, const Envelope* previous);

struct DecodedHeader {
  Frame frame;  // eager_again comes out as eager
  std::size_t header_bytes = 0;
};

// The header at the front of `in`: nothing if more bytes are needed, a failure if no sender of ours
// can have written it.
core::Result<std::optional<DecodedHeader>> decode_header(std::span<const std::byte> in,
                                                         const Envelope* previous);

}  // namespace prun::wire
