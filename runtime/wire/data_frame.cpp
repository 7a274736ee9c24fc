#include "runtime/wire/data_frame.hpp"

#include <limits>
#include <string>

#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::wire {
namespace {

constexpr std::size_t envelope_header_bytes = 32;
constexpr std::size_t rts_header_bytes = 40;
constexpr std::size_t lz4_data_header_bytes = 24;
constexpr std::size_t short_header_bytes = 16;
constexpr std::size_t plain_header_bytes = 8;

core::Failure lie(const std::string& what) {
  return {Errc::bad_data, "data frame " + what};
}

std::size_t header_bytes(FrameKind kind) {
  switch (kind) {
    case FrameKind::eager:
      return envelope_header_bytes;
    case FrameKind::eager_again:
      return 1;
    case FrameKind::rts:
      return rts_header_bytes;
    case FrameKind::lz4_data:
      return lz4_data_header_bytes;
    case FrameKind::cts:
    case FrameKind::data:
    case FrameKind::credit:
      return short_header_bytes;
    case FrameKind::stalled:
    case FrameKind::bye:
      return plain_header_bytes;
  }
  return 0;
}

bool known_kind(std::uint8_t kind) {
  return kind >= 1 && kind <= static_cast<std::uint8_t>(Kind::serialized);
}

// Checks by division, so that no product can wrap.
core::Result<Envelope> decode_envelope(const std::byte* in, std::uint64_t limit) {
  const auto kind = static_cast<std::uint8_t>(in[1]);
  if (!known_kind(kind)) return lie("of an unknown element kind " + std::to_string(kind));
  Envelope envelope;
  envelope.type.kind = static_cast<Kind>(kind);
  envelope.type.size = load_little<std::uint32_t>(in + 4);
  envelope.context = load_little<std::uint32_t>(in + 8);
  const auto tag = load_little<std::uint32_t>(in + 12);
  envelope.count = load_little<std::uint64_t>(in + 16);
  envelope.type.name_hash = load_little<std::uint64_t>(in + 24);
  if (tag > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max()))
    return lie("with a negative tag");
  envelope.tag = static_cast<std::int32_t>(tag);
  if (envelope.type.size == 0) return lie("with elements of no size");
  if (envelope.count > limit / envelope.type.size) {
    return lie("of " + std::to_string(envelope.count) + " elements of " +
               std::to_string(envelope.type.size) + " bytes, more than its kind may carry");
  }
  return envelope;
}

void encode_envelope(std::byte* out, const Envelope& envelope) {
  out[1] = static_cast<std::byte>(envelope.type.kind);
  store_little(out + 4, envelope.type.size);
  store_little(out + 8, envelope.context);
  store_little(out + 12, static_cast<std::uint32_t>(envelope.tag));
  store_little(out + 16, envelope.count);
  store_little(out + 24, envelope.type.name_hash);
}

}  // namespace

EncodedHeader encode_header(const Frame& frame, const Envelope* previous) {
  EncodedHeader header;
  std::byte* out = header.bytes_.data();
  const bool again =
      frame.kind == FrameKind::eager && previous != nullptr && *previous == frame.envelope;
  const FrameKind kind = again ? FrameKind::eager_again : frame.kind;
  header.size_ = header_bytes(kind);
  out[0] = static_cast<std::byte>(kind);
  switch (kind) {
    case FrameKind::eager:
      encode_envelope(out, frame.envelope);
      break;
    case FrameKind::eager_again:
      break;
    case FrameKind::rts:
      encode_envelope(out, frame.envelope);
      out[2] = std::byte{frame.flag};
      store_little(out + 32, frame.send_id);
      break;
    case FrameKind::cts:
      out[1] = std::byte{frame.flag};
      store_little(out + 8, frame.send_id);
      break;
    case FrameKind::data:
      store_little(out + 4, frame.length);
      store_little(out + 8, frame.send_id);
      break;
    case FrameKind::lz4_data:
      store_little(out + 4, frame.packed_length);
      store_little(out + 8, frame.send_id);
      store_little(out + 16, frame.length);
      store_little(out + 20, frame.history);
      break;
    case FrameKind::credit:
      store_little(out + 4, frame.envelopes);
      store_little(out + 8, frame.credit_bytes);
      break;
    case FrameKind::stalled:
    case FrameKind::bye:
      break;
  }
  return header;
}

core::Result<std::optional<DecodedHeader>> decode_header(std::span<const std::byte> in,
                                                         const Envelope* previous) {
  if (in.empty()) return std::optional<DecodedHeader>();
  const auto number = static_cast<std::uint8_t>(in[0]);
  if (number < static_cast<std::uint8_t>(FrameKind::eager) ||
      number > static_cast<std::uint8_t>(FrameKind::lz4_data)) {
    return lie("of an unknown kind " + std::to_string(number));
  }
  DecodedHeader decoded;
  Frame& frame = decoded.frame;
  frame.kind = static_cast<FrameKind>(number);
  decoded.header_bytes = header_bytes(frame.kind);
  if (in.size() < decoded.header_bytes) return std::optional<DecodedHeader>();
  const std::byte* bytes = in.data();
  switch (frame.kind) {
    case FrameKind::eager:
    case FrameKind::rts: {
      const bool eager = frame.kind == FrameKind::eager;
      auto envelope = decode_envelope(bytes, eager ? max_eager_bytes : max_message_bytes);
      if (!envelope) return envelope.failure();
      frame.envelope = envelope.value();
      if (!eager) {
        if (static_cast<std::uint8_t>(bytes[2]) > 1) return lie("with an unknown flag");
        frame.flag = bytes[2] == std::byte{1};
        frame.send_id = load_little<std::uint64_t>(bytes + 32);
      }
      break;
    }
    case FrameKind::eager_again:
      if (previous == nullptr) return lie("that repeats an envelope before there was one");
      frame.kind = FrameKind::eager;
      frame.envelope = *previous;
      break;
    case FrameKind::cts:
      if (static_cast<std::uint8_t>(bytes[1]) > 1) return lie("with an unknown flag");
      frame.flag = bytes[1] == std::byte{1};
      frame.send_id = load_little<std::uint64_t>(bytes + 8);
      break;
    case FrameKind::data:
      frame.length = load_little<std::uint32_t>(bytes + 4);
      frame.send_id = load_little<std::uint64_t>(bytes + 8);
      if (frame.length == 0 || frame.length > max_data_segment_bytes) {
        return lie("with a segment of " + std::to_string(frame.length) + " bytes");
      }
      break;
    case FrameKind::lz4_data:
      frame.packed_length = load_little<std::uint32_t>(bytes + 4);
      frame.send_id = load_little<std::uint64_t>(bytes + 8);
      frame.length = load_little<std::uint32_t>(bytes + 16);
      frame.history = load_little<std::uint32_t>(bytes + 20);
      if (frame.length == 0 || frame.length > max_lz4_segment_bytes) {
        return lie("with a compressed segment of " + std::to_string(frame.length) + " bytes");
      }
      if (frame.packed_length == 0 || frame.packed_length >= frame.length) {
        return lie("with " + std::to_string(frame.packed_length) + " bytes that stand for " +
                   std::to_string(frame.length));
      }
      if (frame.history > max_lz4_history_bytes) {
        return lie("that refers to the " + std::to_string(frame.history) + " bytes before it");
      }
      break;
    case FrameKind::credit:
      frame.envelopes = load_little<std::uint32_t>(bytes + 4);
      frame.credit_bytes = load_little<std::uint64_t>(bytes + 8);
      break;
    case FrameKind::stalled:
    case FrameKind::bye:
      break;
  }
  return std::optional(decoded);
}

}  // namespace prun::wire
