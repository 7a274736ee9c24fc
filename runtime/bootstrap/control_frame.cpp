#include "runtime/bootstrap/control_frame.hpp"

namespace prun::bootstrap {

void ControlParser::feed(std::span<const std::byte> bytes) {
  if (start_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

core::Result<std::optional<ControlFrame>> ControlParser::next() {
  const std::span<const std::byte> rest = std::span(buffer_).subspan(start_);
  if (rest.size() < 4) return std::optional<ControlFrame>();
  const std::size_t length = wire::load_little<std::uint32_t>(rest.data());
  if (length == 0 || length > wire::max_control_frame_bytes) {
    return core::Failure{Errc::bad_data,
                         "control frame with an impossible length of " + std::to_string(length)};
  }
  if (rest.size() - 4 < length) return std::optional<ControlFrame>();
  start_ += 4 + length;
  return std::optional(
      ControlFrame{static_cast<ControlKind>(rest[4]), rest.subspan(5, length - 1)});
}

}  // namespace prun::bootstrap
