#include "launcher/job/host_channel.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/buffer.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "launcher/ssh/child_process.hpp"
#include "launcher/ssh/master_session.hpp"
#include "launcher/ssh/mux_protocol.hpp"

namespace prun::job {
namespace {

// What is kept of ssh's words, first and last.
constexpr std::size_t most_words = 16 * 1024;

constexpr std::size_t supply_chunk = 64 * 1024;

// Between the end of the child and the end of its pipes, in either order: a process it has left
// behind may hold one.
constexpr std::chrono::milliseconds patience{500};

void append_bounded(std::string& words, const char* data, std::size_t size) {
  words.append(data, size);
  if (words.size() > most_words) words.erase(most_words / 4, words.size() - most_words);
}

}  // namespace

// Reads under way keep this alive and find `owner` gone.
struct HostChannel::Streams : std::enable_shared_from_this<HostChannel::Streams> {
  Streams(asio::io_context& io, HostChannel& channel, int out_fd, int err_fd, int in_fd)
      : owner(&channel), out(io, out_fd), err(io, err_fd), in(io, in_fd), control(io) {}

  HostChannel* owner;
  asio::posix::stream_descriptor out;
  asio::posix::stream_descriptor err;
  asio::posix::stream_descriptor in;
  asio::posix::stream_descriptor control;  // of a session
  ssh::MuxReplies answers;
  std::shared_ptr<const std::vector<std::byte>> supply;
  std::size_t supplied = 0;
  ssh::LoginReply reply;
  std::array<std::byte, 16 * 1024> out_buffer;
  std::array<char, 4096> err_buffer;
  bool shell_told = false;
  bool need_told = false;

  // Waits and then reads itself, so that nothing is in a buffer of Asio's when the last words are
  // asked for.
  void read_words() {
    err.async_wait(asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](asio::error_code error) {
                     if (self->owner != nullptr && !error && self->read_words_once())
                       self->read_words();
                   });
  }

  // False at the end, and when there is nothing more for the moment if it is `last`.
  bool read_words_once(bool last = false) {
    const ssize_t got = ::read(err.native_handle(), err_buffer.data(), err_buffer.size());
    if (got > 0)
      append_bounded(owner->end_.words, err_buffer.data(), static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && (errno == EINTR || (errno == EAGAIN && !last)));
  }

  // Until the master closes it, which is the end of the session.
  void read_control() {
    control.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](asio::error_code error) {
                         if (self->owner != nullptr && !error && self->read_control_once())
                           self->read_control();
                       });
  }

  bool read_control_once() {
    using State = ssh::MuxReplies::State;
    std::array<std::byte, 256> bytes;
    const ssize_t got = ::read(control.native_handle(), bytes.data(), bytes.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) {
      owner->session_over();
      return false;
    }
    const auto state = answers.feed(std::span(bytes).first(static_cast<std::size_t>(got)));
    if (state == State::opened || state == State::exited) owner->end_.refused = false;
    if (state != State::failed) return true;
    owner->session_over();
    return false;
  }

  void read_reply(asio::io_context& io) {
    out.async_read_some(asio::buffer(out_buffer),
                        [self = shared_from_this(), &io](asio::error_code error, std::size_t got) {
                          if (self->owner == nullptr) return;
                          if (error) {
                            self->owner->end_of_output();
                            return;
                          }
                          self->take_reply(io, got);
                        });
  }

  // An error is not told here: why the far end takes no more is in what it says last.
  void supply_more() {
    const auto rest = std::span(*supply).subspan(supplied);
    const auto chunk = rest.first(std::min(rest.size(), supply_chunk));
    in.async_write_some(asio::buffer(chunk.data(), chunk.size()),
                        [self = shared_from_this()](asio::error_code error, std::size_t put) {
                          if (self->owner == nullptr || !self->supply || error) return;
                          self->supplied += put;
                          self->owner->listener_.on_supplied(self->owner->host_);
                          if (self->owner == nullptr || self->supplied == self->supply->size())
                            return;
                          self->supply_more();
                        });
  }

  void take_reply(asio::io_context& io, std::size_t got) {
    const auto state = reply.feed(std::span(out_buffer).first(got));
    if (reply.shell_seen() && !shell_told) {
      shell_told = true;
      owner->end_.shell_seen = true;
      owner->listener_.on_shell(owner->host_, reply.path());
      if (owner == nullptr) return;
    }
    if (!reply.needed().empty() && !need_told) {
      need_told = true;
      owner->end_.agent_needed = true;
      owner->listener_.on_need(owner->host_, reply.needed());
      if (owner == nullptr) return;
    }
    owner->end_.reply = state;
    switch (state) {
      case ssh::LoginReply::State::waiting:
        read_reply(io);
        return;
      case ssh::LoginReply::State::greeted:
        owner->end_.agent_was_there = true;
        break;
      default:
        owner->end_.reply_detail = reply.detail();
        owner->kill();
        return;
    }
    const int out_fd = out.release();
    HostChannel& channel = *owner;
    channel.link_ = std::make_shared<agent::FrameLink>(io, out_fd, in.release());
    supply.reset();
    channel.link_->start(
        [&channel](const bootstrap::ControlFrame& frame) {
          channel.listener_.on_frame(channel.host_, frame);
        },
        [&channel](const agent::FrameLink::End& end) {
          if (!end.why.empty()) channel.end_.broken = end.why;
          channel.end_of_output();
        },
        reply.rest());
  }
};

HostChannel::HostChannel(asio::io_context& io, HostListener& listener, std::uint32_t host)
    : io_(io), listener_(listener), host_(host), patience_(io) {}

HostChannel::~HostChannel() {
  if (link_) link_->close();
  if (streams_) {
    streams_->owner = nullptr;
    asio::error_code ignored;
    if (streams_->out.is_open()) streams_->out.close(ignored);
    streams_->err.close(ignored);
    if (streams_->in.is_open()) streams_->in.close(ignored);
    streams_->control.close(ignored);
  }
  kill();
}

core::Status HostChannel::open(const std::vector<std::string>& arguments, int end_signal,
                               const std::optional<rlimit>& descriptor_limit) {
  end_signal_ = end_signal;
  auto child = ssh::start_child(arguments, end_signal, descriptor_limit);
  if (!child.ok()) return child.failure();
  pid_ = child.value().pid;
  report_ = std::move(child.value().report);
  begin_reading(std::move(child.value().ends));
  return core::Done{};
}

core::Status HostChannel::open_session(const std::string& socket, const std::string& command) {
  auto session = ssh::ask_master(socket, command);
  if (!session.ok()) return session.failure();
  end_.refused = true;  // until it says otherwise
  begin_reading(std::move(session.value().ends));
  streams_->control.assign(session.value().control.release());
  streams_->read_control();
  return core::Done{};
}

void HostChannel::begin_reading(ssh::StandardPipes::Ends ends) {
  streams_ = std::make_shared<Streams>(io_, *this, ends.out.release(), ends.err.release(),
                                       ends.in.release());
  asio::error_code ignored;
  streams_->err.non_blocking(true, ignored);
  streams_->in.non_blocking(true, ignored);
  streams_->read_words();
  streams_->read_reply(io_);
}

void HostChannel::supply(std::shared_ptr<const std::vector<std::byte>> bytes) {
  streams_->supply = std::move(bytes);
  streams_->supply_more();
}

void HostChannel::kill() {
  // The group: ssh may have a ProxyCommand of the user's at work.
  if (pid_ > 0) ::kill(-pid_, end_signal_);
  // Not closed: its end is still to be read.
  if (streams_ && streams_->control.is_open())
    ::shutdown(streams_->control.native_handle(), SHUT_RDWR);
}

void HostChannel::reaped(int wait_status) {
  pid_ = 0;
  end_.exited = true;
  end_.wait_status = wait_status;
  child_over_ = true;
  check_over(false);
}

void HostChannel::session_over() {
  if (const auto value = streams_->answers.exit_value()) {
    end_.exited = true;
    end_.wait_status = W_EXITCODE(static_cast<int>(*value & 0xff), 0);
  } else if (end_.broken.empty()) {
    end_.broken = "the kept ssh connection has ended";
  }
  child_over_ = true;
  check_over(false);
}

void HostChannel::end_of_output() {
  output_over_ = true;
  check_over(false);
}

void HostChannel::check_over(bool for_certain) {
  if (told_) return;
  if (!for_certain && !(output_over_ && child_over_)) {
    patience_.expires_after(patience);
    patience_.async_wait([this](asio::error_code error) {
      if (!error) check_over(true);
    });
    return;
  }
  told_ = true;
  patience_.cancel();
  while (streams_->read_words_once(true)) {
  }
  end_.noise = streams_->reply.noise();
  if (const auto started = report_.wait(); !started.ok()) end_.unstarted = started.failure().text;
  listener_.on_end(host_, std::move(end_));
}

}  // namespace prun::job
