// The headers of data frames: a sequence of them, decoded as a connection does.

#include <optional>

#include "runtime/wire/data_frame.hpp"
#include "runtime/wire/limits.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

using wire::Frame;
using wire::FrameKind;

void check_limits(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::eager:
      require(frame.envelope.type.size > 0, "elements have a size");
      require(frame.envelope.count <= wire::max_eager_bytes / frame.envelope.type.size,
              "an eager payload is bounded");
      require(frame.envelope.tag >= 0, "tags are not negative");
      break;
    case FrameKind::rts:
      require(frame.envelope.type.size > 0, "elements have a size");
      require(frame.envelope.count <= wire::max_message_bytes / frame.envelope.type.size,
              "a message is bounded");
      require(frame.envelope.tag >= 0, "tags are not negative");
      break;
    case FrameKind::data:
      require(frame.length > 0 && frame.length <= wire::max_data_segment_bytes,
              "a segment is bounded");
      break;
    case FrameKind::lz4_data:
      require(frame.length > 0 && frame.length <= wire::max_lz4_segment_bytes &&
                  frame.packed_length > 0 && frame.packed_length < frame.length &&
                  frame.history <= wire::max_lz4_history_bytes,
              "a compressed segment is bounded");
      break;
    default:
      break;
  }
}

bool same(const Frame& a, const Frame& b) {
  return a.kind == b.kind && a.flag == b.flag && a.envelope == b.envelope &&
         a.send_id == b.send_id && a.length == b.length && a.packed_length == b.packed_length &&
         a.history == b.history && a.envelopes == b.envelopes && a.credit_bytes == b.credit_bytes;
}

}  // namespace

void data_frame(Bytes input) {
  std::optional<wire::Envelope> previous;
  while (!input.empty()) {
    const wire::Envelope* const before = previous ? &*previous : nullptr;
    const auto decoded = wire::decode_header(input, before);
    if (!decoded) {
      require(decoded.failure().code == Errc::bad_data, "a lie is bad data");
      return;
    }
    if (!decoded.value()) {
      require(input.size() < wire::max_header_bytes, "the longest header is enough");
      return;
    }
    const auto& [frame, header_bytes] = *decoded.value();
    require(header_bytes > 0 && header_bytes <= input.size(), "a header lies in its bytes");
    check_limits(frame);
    const auto again = wire::encode_header(frame, before);
    const auto twice = wire::decode_header(again.view(), before);
    require(twice.ok() && twice.value() && same(twice.value()->frame, frame),
            "what was read is written and read the same");
    if (frame.kind == FrameKind::eager) previous = frame.envelope;
    input = input.subspan(header_bytes);
  }
}

}  // namespace prun::fuzz
