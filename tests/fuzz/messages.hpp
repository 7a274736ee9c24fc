#pragma once

#include <algorithm>
#include <vector>

#include "runtime/bootstrap/control_frame.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

// A frame as the message it says it is, if it is that kind. What was believed is written again, and
// must be read as the same. True if it was believed.
template <class Message>
bool believed(const bootstrap::ControlFrame& frame) {
  if (frame.kind != Message::kind) return false;
  const auto message = bootstrap::decode_frame<Message>(frame);
  if (!message) return false;
  const std::vector<std::byte> written = bootstrap::encode_frame(message.value());
  const bootstrap::ControlFrame again{frame.kind, std::span(written).subspan(5)};
  const auto twice = bootstrap::decode_frame<Message>(again);
  require(twice.ok() && bootstrap::encode_frame(twice.value()) == written,
          "what was read is written and read the same");
  return true;
}

template <class... Messages>
bool believed_as_any(const bootstrap::ControlFrame& frame) {
  return (believed<Messages>(frame) || ...);
}

}  // namespace prun::fuzz
