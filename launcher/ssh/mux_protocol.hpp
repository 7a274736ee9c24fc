#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What OpenSSH's master and who wants a session of it say to each other: version 4 of its
// PROTOCOL.mux, packets of big-endian fields.
namespace prun::ssh {

// A master takes no longer packet.
inline constexpr std::size_t most_mux_bytes = 256 * 1024;

// The greeting and the request for a session that runs `command`; the three descriptors of the session
// follow it. Of the variables the master passes on those that the configuration of its ssh names.
std::vector<std::byte> session_request(std::string_view command,
                                       const std::vector<std::string>& environment);

// The master's words about that session. A plain value of one thread.
class MuxReplies {
 public:
  enum class State {
    waiting,  // for its answer
    opened,   // the session runs
    exited,   // the command has; what it has written may still be on its way
    failed,   // no session, or words that are no answer to what was asked
  };

  // Takes bytes as they arrive. Once it has answered failed, feed it no more.
  State feed(std::span<const std::byte> bytes);

  // Of the command, once it has exited.
  std::optional<std::uint32_t> exit_value() const { return exit_value_; }

 private:
  void take(std::span<const std::byte> packet);

  std::vector<std::byte> seen_;
  State state_ = State::waiting;
  bool greeted_ = false;
  std::uint32_t session_ = 0;
  std::optional<std::uint32_t> exit_value_;
};

}  // namespace prun::ssh
