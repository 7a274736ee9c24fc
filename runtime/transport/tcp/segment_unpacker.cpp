#include "runtime/transport/tcp/segment_unpacker.hpp"

#include <string>
#include <utility>

#include "runtime/transport/tcp/block_codec.hpp"

namespace prun::transport {

using core::Failure;

core::Result<std::byte*> SegmentUnpacker::begin(const wire::Frame& frame, std::byte* place) {
  if (frame.send_id != run_id_ || place != run_end_) run_bytes_ = 0;
  run_id_ = frame.send_id;
  frame_ = frame;
  place_ = place;
  if (place == nullptr || frame.kind == wire::FrameKind::data) return place;
  if (frame.history > run_bytes_) {
    return Failure{Errc::bad_data, "sent a compressed segment that refers to " +
                                       std::to_string(frame.history) + " bytes of its message, " +
                                       std::to_string(run_bytes_) + " of which are here"};
  }
  packed_.resize(frame.packed_length);
  return packed_.data();
}

core::Status SegmentUnpacker::end() {
  const std::vector<std::byte> packed = std::exchange(packed_, {});
  if (place_ != nullptr && frame_.kind == wire::FrameKind::lz4_data &&
      !decompress_block(packed, place_, frame_.length, frame_.history)) {
    return Failure{Errc::bad_data, "sent a compressed segment that does not unpack to its " +
                                       std::to_string(frame_.length) + " bytes"};
  }
  run_end_ = place_ == nullptr ? nullptr : place_ + frame_.length;
  run_bytes_ = place_ == nullptr ? 0 : run_bytes_ + frame_.length;
  return core::Done{};
}

void SegmentUnpacker::discard() {
  place_ = nullptr;
  packed_ = {};
}

}  // namespace prun::transport
