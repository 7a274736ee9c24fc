#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace prun::ssh {

// Finds the agent's greeting behind whatever the login shell of a host prints first: a bounded look
// at bytes that anybody may have written. A plain value of one thread.
class LoginReply {
 public:
  static constexpr std::size_t most_noise_bytes = 64 * 1024;

  enum class State {
    waiting,          // more bytes are needed
    greeted,          // the agent is there; rest() are the first bytes of its frames
    other_version,    // an agent that greets by another number; detail() is its greeting
    unknown_machine,  // no agent was offered for its processor; detail() is its `uname -m`
    no_room,          // no folder can take the agent; detail() is where it was tried
    unsent,           // the agent did not come in whole; detail() is where or why
    too_much_noise,
  };

  // Takes bytes as they arrive. Once it has answered anything but waiting, feed it no more.
  State feed(std::span<const std::byte> bytes);

  // The host's shell has begun our command: the login is over. The agent it starts.
  bool shell_seen() const { return !path_.empty(); }
  // The agent that must be sent before it can start, as architecture and id: "armhf-12ab"; empty
  // while none is asked for.
  const std::string& needed() const { return needed_; }
  const std::string& path() const { return path_; }
  const std::string& detail() const { return detail_; }
  std::span<const std::byte> rest() const;
  // What was printed before anything of ours, for messages.
  std::string noise() const;

 private:
  std::string_view line_behind(std::string_view marker) const;
  bool greeted_by_another();

  std::string seen_;
  std::string path_;
  std::string needed_;
  std::string detail_;
  std::size_t rest_at_ = 0;
};

}  // namespace prun::ssh
