#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "runtime/bootstrap/control_messages.hpp"

// Frames of the control plane over any byte stream: ssh's standard input and output, a socketpair.
namespace prun::bootstrap {

// The line an agent prints before its first frame. The launcher looks for it behind whatever the
// login shell of the host has printed; it begins with a line feed so that an unfinished line of
// that noise cannot hide it.
inline constexpr std::string_view agent_greeting = "\nprun-agent 5\n";

// One whole frame, ready to be written.
template <class Message>
std::vector<std::byte> encode_frame(const Message& message) {
  wire::Writer out;
  out.u32(0);
  out.u8(static_cast<std::uint8_t>(Message::kind));
  message.encode(out);
  out.patch_u32(0, static_cast<std::uint32_t>(out.size() - 4));
  return std::move(out).take();
}

// A frame taken off the stream; `body` is valid until the parser is fed or asked again.
struct ControlFrame {
  ControlKind kind;
  std::span<const std::byte> body;
};

// The message of a frame, or why it is none. Bytes left over are a failure too.
template <class Message>
core::Result<Message> decode_frame(const ControlFrame& frame) {
  wire::Reader in(frame.body);
  auto message = Message::decode(in);
  if (message.ok() && !in.complete()) {
    return core::Failure{Errc::bad_data, "control frame has bytes left over"};
  }
  return message;
}

// Cuts a stream of bytes into frames. Holds at most one frame and what was fed behind it.
class ControlParser {
 public:
  void feed(std::span<const std::byte> bytes);

  // The next whole frame, nothing if more bytes are needed, a failure if the stream cannot be one
  // of ours.
  core::Result<std::optional<ControlFrame>> next();

 private:
  std::vector<std::byte> buffer_;
  std::size_t start_ = 0;  // of the first byte not yet handed out
};

}  // namespace prun::bootstrap
