#include "launcher/ssh/mux_protocol.hpp"

#include <algorithm>

namespace prun::ssh {
namespace {

constexpr std::uint32_t version = 4;
constexpr std::uint32_t request_id = 0;
constexpr std::uint32_t no_escape_character = 0xffffffff;
constexpr std::size_t length_bytes = 4;

enum class Kind : std::uint32_t {
  hello = 0x00000001,
  new_session = 0x10000002,
  exit_message = 0x80000004,
  session_opened = 0x80000006,
};

void put(std::vector<std::byte>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift & 0xff));
}

void put(std::vector<std::byte>& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

// Puts a packet behind those in `out`.
void put_packet(std::vector<std::byte>& out, Kind kind, std::span<const std::byte> body) {
  put(out, static_cast<std::uint32_t>(sizeof(std::uint32_t) + body.size()));
  put(out, static_cast<std::uint32_t>(kind));
  out.insert(out.end(), body.begin(), body.end());
}

}  // namespace

std::vector<std::byte> session_request(std::string_view command,
                                       const std::vector<std::string>& environment) {
  std::vector<std::byte> greeting;
  put(greeting, version);

  std::vector<std::byte> request;
  put(request, request_id);
  put(request, std::string_view());  // reserved
  // No terminal, no forwarding of X11 or keys, no subsystem.
  for (int flag = 0; flag < 4; ++flag) put(request, std::uint32_t{0});
  put(request, no_escape_character);
  put(request, std::string_view());  // the kind of terminal
  put(request, command);
  for (const auto& variable : environment) {
    if (variable.find('=') != std::string::npos) put(request, variable);
  }

  std::vector<std::byte> out;
  put_packet(out, Kind::hello, greeting);
  put_packet(out, Kind::new_session, request);
  return out;
}

MuxReplies::State MuxReplies::feed(std::span<const std::byte> bytes) {
  seen_.insert(seen_.end(), bytes.begin(), bytes.end());
  std::size_t at = 0;
  while (state_ != State::failed && seen_.size() - at >= length_bytes) {
    const std::size_t length = number_at(seen_, at);
    if (length < sizeof(std::uint32_t) || length > most_mux_bytes) {
      state_ = State::failed;
      break;
    }
    if (seen_.size() - at - length_bytes < length) break;
    take(std::span(seen_).subspan(at + length_bytes, length));
    at += length_bytes + length;
  }
  seen_.erase(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(at));
  return state_;
}

void MuxReplies::take(std::span<const std::byte> packet) {
  const auto kind = static_cast<Kind>(number_at(packet, 0));
  const auto field = [packet](std::size_t index) {
    return number_at(packet, index * sizeof(std::uint32_t));
  };
  const std::size_t fields = packet.size() / sizeof(std::uint32_t);
  if (!greeted_) {
    // Extensions may follow the version.
    greeted_ = kind == Kind::hello && fields >= 2 && field(1) == version;
    if (!greeted_) state_ = State::failed;
  } else if (state_ == State::waiting) {
    const bool opened = kind == Kind::session_opened && fields == 3 && field(1) == request_id;
    state_ = opened ? State::opened : State::failed;
    if (opened) session_ = field(2);
  } else if (state_ == State::opened && kind == Kind::exit_message && fields == 3 &&
             field(1) == session_) {
    exit_value_ = field(2);
    state_ = State::exited;
  } else {
    state_ = State::failed;
  }
}

}  // namespace prun::ssh
