#pragma once

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/agent/frame_link.hpp"
#include "launcher/ssh/login_reply.hpp"
#include "launcher/ssh/standard_pipes.hpp"
#include "launcher/system/spawn.hpp"

namespace prun::job {

// How a channel has ended.
struct ChannelEnd {
  bool agent_was_there = false;  // it had greeted
  bool shell_seen = false;       // the login had worked
  bool agent_needed = false;     // it had to be sent
  bool refused = false;          // a kept connection gave no session
  ssh::LoginReply::State reply = ssh::LoginReply::State::waiting;
  std::string reply_detail;  // see LoginReply
  std::string noise;         // printed by the host before anything of ours
  std::string broken;        // the stream itself was wrong, in words
  std::string words;         // standard error of ssh or the agent
  std::string unstarted;     // why the child could not even be executed
  bool exited = false;       // the child's end is known, or that of what a kept connection ran
  int wait_status = 0;       // as waitpid gave it
};

class HostListener {
 public:
  virtual ~HostListener() = default;
  virtual void on_shell(std::uint32_t host, const std::string& path) = 0;
  // The host lacks that agent (LoginReply::needed); answer by supply() or kill().
  virtual void on_need(std::uint32_t host, const std::string& agent) = 0;
  // Some of what supply() was given has left.
  virtual void on_supplied(std::uint32_t host) = 0;
  virtual void on_frame(std::uint32_t host, const bootstrap::ControlFrame& frame) = 0;
  // Last call for this channel; destroying it inside is allowed.
  virtual void on_end(std::uint32_t host, ChannelEnd end) = 0;
};

// The way to the agent of one host: a child process, ssh or an agent on this machine, or a session
// of a kept connection, and the frames over its pipes. Owned by the job, on its thread. Destroying it
// closes the pipes, which ends the agent and its part of the job.
class HostChannel {
 public:
  HostChannel(asio::io_context& io, HostListener& listener, std::uint32_t host);
  ~HostChannel();
  HostChannel(const HostChannel&) = delete;
  HostChannel& operator=(const HostChannel&) = delete;

  // `end_signal` is what the child gets when the launcher dies or gives it up: KILL suits ssh; an
  // agent on this machine must live to end its ranks and takes TERM as the order to do so.
  core::Status open(const std::vector<std::string>& arguments, int end_signal,
                    const std::optional<rlimit>& descriptor_limit);
  // The same without a child: the master at that socket runs `command`. A Failure where it takes none;
  // it may also refuse later (ChannelEnd::refused).
  core::Status open_session(const std::string& socket, const std::string& command);

  // Bytes for the host's shell, before there are frames.
  void supply(std::shared_ptr<const std::vector<std::byte>> bytes);

  template <class Message>
  void send(const Message& message) {
    if (link_) link_->send(message);
  }
  // The same, if nothing else is on its way.
  template <class Message>
  void send_if_idle(const Message& message) {
    if (link_ && link_->is_idle()) link_->send(message);
  }
  // Called each time all that was given to send() has left.
  void when_sent(std::function<void()> on_sent) {
    if (link_) link_->when_sent(std::move(on_sent));
  }
  // Ends the child or session; on_end follows.
  void kill();
  // The child was reaped, by whoever waits for children.
  void reaped(int wait_status);
  pid_t pid() const { return pid_; }

 private:
  struct Streams;

  void begin_reading(ssh::StandardPipes::Ends ends);
  void session_over();
  void end_of_output();
  void check_over(bool for_certain);

  asio::io_context& io_;
  HostListener& listener_;
  std::uint32_t host_;
  pid_t pid_ = 0;
  system::StartReport report_;
  int end_signal_ = 0;
  std::shared_ptr<Streams> streams_;
  std::shared_ptr<agent::FrameLink> link_;
  asio::steady_timer patience_;
  ChannelEnd end_;
  bool output_over_ = false;
  bool child_over_ = false;
  bool told_ = false;
};

}  // namespace prun::job
