#pragma once

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "launcher/agent/frame_link.hpp"
#include "launcher/agent/input_pipe.hpp"
#include "launcher/agent/output_pipe.hpp"
#include "launcher/agent/preflight.hpp"
#include "launcher/agent/rank_environment.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::agent {

class RankProcess;

// What a rank's process tells its agent.
class RankListener {
 public:
  virtual ~RankListener() = default;
  virtual void on_rank_output(std::uint32_t rank, std::uint8_t stream,
                              std::span<const std::byte> data) = 0;
  virtual void on_rank_input(std::uint32_t rank, std::uint32_t bytes, bool closed) = 0;
  virtual void on_rank_frame(RankProcess& rank, const bootstrap::ControlFrame& frame) = 0;
  virtual void on_rank_garbage(RankProcess& rank,
                               const std::string& why) = 0;  // its channel is closed
  virtual void on_rank_done(std::uint32_t rank) = 0;
};

// One rank of this host, or what it was started again as: its process, its pipes, its control
// channel. Owned by the agent, one thread. Destroying it closes the descriptors and does nothing to
// the process.
class RankProcess {
 public:
  RankProcess(asio::io_context& io, OutputWindow& window, RankListener& listener,
              std::uint32_t rank, std::uint32_t incarnation = 0);
  ~RankProcess();
  RankProcess(const RankProcess&) = delete;
  RankProcess& operator=(const RankProcess&) = delete;

  struct How {
    const bootstrap::Program& program;
    const Runnable& runnable;
    const std::vector<std::string>& base_environment;
    RankPlace place;         // channel_fd is filled in here
    std::vector<int> cores;  // processors it may use; empty: all
    bool wants_input = false;
    std::optional<winsize> terminal;  // it gets one of this size
    std::optional<rlimit> descriptor_limit;
    int shared_memory = -1;  // inherited if there is any
    int clock = -1;          // the same
  };
  core::Status start(const How& how);

  // Its process was reaped. Call take_last_words() first: what it has said through its channel, and
  // how much of its input it has read.
  void exited();
  void take_last_words();

  void resume_output();
  // `waits` is called once, when the rank has read all of its input and stands in a read for more, or
  // when that cannot be known.
  void when_it_reads(std::function<void()> waits);
  void write_input(std::span<const std::byte> data);
  void end_input();
  void signal_group(int number);
  // Whether any process of the rank has a handler for that signal, or keeps it back to take it later.
  bool listens_to(int number) const;
  // Whether it has read all of its input and stands in a read for more.
  bool waits_for_input() const;
  void resize_terminal(const winsize& size);
  // Frames down to the rank; lost if it has closed its end.
  template <class Message>
  void tell(const Message& message) {
    if (channel_) channel_->send(message);
  }
  // The rank broke the rules of its channel.
  void close_channel();

  std::uint32_t rank() const { return rank_; }
  // How many times the rank had been lost before.
  std::uint32_t incarnation() const { return incarnation_; }
  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  bool done() const { return done_; }
  // It was started, and not all of it has been told.
  bool under_way() const { return running() || (gone_ && !done_); }

  bootstrap::RankPhase phase = bootstrap::RankPhase::never_joined;
  bool announced = false;  // it has said where it listens

 private:
  // Both ends of what the rank reads and writes.
  struct Streams {
    system::Descriptor own_in;  // none: the rank gets no input
    system::Descriptor own_out;
    system::Descriptor own_err;  // none: it comes with standard output
    system::Descriptor rank_in;
    system::Descriptor rank_out;
    system::Descriptor rank_err;
  };

  core::Status make_streams(const How& how, Streams& streams);
  void watch_output(system::Descriptor reader, std::uint8_t stream);
  void check_done();
  void look_at_reader(std::chrono::milliseconds pause);

  asio::io_context& io_;
  OutputWindow& window_;
  RankListener& listener_;
  std::uint32_t rank_;
  std::uint32_t incarnation_;
  pid_t pid_ = 0;
  bool gone_ = false;
  bool done_ = false;
  std::shared_ptr<OutputPipe> stdout_;
  std::shared_ptr<OutputPipe> stderr_;
  std::shared_ptr<InputPipe> stdin_;
  std::shared_ptr<FrameLink> channel_;
  asio::steady_timer output_grace_;
  asio::steady_timer reader_pause_;
  std::function<void()> on_reading_;
};

}  // namespace prun::agent
