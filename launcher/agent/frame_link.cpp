#include "launcher/agent/frame_link.hpp"

#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace prun::agent {
namespace {

constexpr std::size_t buffers_per_write = 16;

}  // namespace

FrameLink::FrameLink(asio::io_context& io, int in_fd, int out_fd) : in_(io, in_fd) {
  if (out_fd != in_fd) out_.emplace(io, out_fd);
  asio::error_code ignored;
  in_.non_blocking(true, ignored);
  if (out_) out_->non_blocking(true, ignored);
}

void FrameLink::encrypt(const security::RecordKeys& keys) {
  sealed_ = std::make_unique<Sealed>(keys);
}

void FrameLink::start(OnFrame on_frame, OnEnd on_end, std::span<const std::byte> early) {
  on_frame_ = std::move(on_frame);
  on_end_ = std::move(on_end);
  if (!early.empty()) deliver(early);
  read_more();
}

void FrameLink::send_bytes(std::vector<std::byte> bytes) {
  if (!open_ || !can_write_ || closing_writing_) return;
  if (sealed_) {
    std::vector<std::byte> records;
    security::seal_all(sealed_->output, bytes, records);
    bytes = std::move(records);
  }
  queue_.push_back(std::move(bytes));
  last_sent_ = std::chrono::steady_clock::now();
  if (writing_ == 0) write_more();
}

void FrameLink::drain() {
  const auto self = shared_from_this();
  while (open_ && read_once()) {
  }
}

void FrameLink::close_when_sent() {
  closing_writing_ = true;
  if (queue_.empty()) close_writing();
}

void FrameLink::close() {
  if (!open_) return;
  open_ = false;
  asio::error_code ignored;
  in_.close(ignored);
  if (out_) out_->close(ignored);
  // The callbacks may own what owns this link; they must not outlive it.
  on_frame_ = nullptr;
  on_end_ = nullptr;
  on_sent_ = nullptr;
}

// Waits and then reads itself: bytes are never in a buffer of Asio's while drain() reads what came
// behind them.
void FrameLink::read_more() {
  if (!open_) return;
  in_.async_wait(asio::posix::stream_descriptor::wait_read,
                 [self = shared_from_this()](asio::error_code error) {
                   if (!self->open_) return;
                   if (error) {
                     self->end({false, error.message()});
                     return;
                   }
                   self->read_once();
                   self->read_more();
                 });
}

// False when there is nothing more to read now, or ever.
bool FrameLink::read_once() {
  const ssize_t got = ::read(in_.native_handle(), buffer_.data(), buffer_.size());
  if (got > 0) {
    const auto bytes = std::span(buffer_).first(static_cast<std::size_t>(got));
    if (sealed_) {
      open_records(bytes);
    } else {
      deliver(bytes);
    }
    return true;
  }
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) return false;
  end({false, got == 0 ? std::string() : std::generic_category().message(errno)});
  return false;
}

void FrameLink::open_records(std::span<std::byte> bytes) {
  const auto taken = sealed_->input.take(bytes, [this](std::span<const std::byte> text) {
    deliver(text);
    return open_;
  });
  if (!taken) end({true, taken.failure().text});
}

void FrameLink::deliver(std::span<const std::byte> bytes) {
  parser_.feed(bytes);
  while (open_) {
    const auto frame = parser_.next();
    if (!frame.ok()) {
      end({true, frame.failure().text});
      return;
    }
    if (!frame.value()) return;
    // A copy: the callback may close the link, which drops the member.
    const auto on_frame = on_frame_;
    on_frame(*frame.value());
  }
}

void FrameLink::end(const End& end) {
  const auto on_end = std::exchange(on_end_, nullptr);
  close();
  if (on_end) on_end(end);
}

void FrameLink::write_more() {
  writing_ = std::min(queue_.size(), buffers_per_write);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(writing_);
  for (std::size_t i = 0; i < writing_; ++i) buffers.push_back(asio::buffer(queue_[i]));
  const auto done = [self = shared_from_this()](asio::error_code error, std::size_t) {
    if (!self->open_) return;
    for (; self->writing_ > 0; --self->writing_) self->queue_.pop_front();
    if (error) {
      // The reading side tells of the end, after the peer's last words.
      self->can_write_ = false;
      self->queue_.clear();
      return;
    }
    if (!self->queue_.empty()) {
      self->write_more();
    } else if (self->closing_writing_) {
      self->close_writing();
    } else if (const auto on_sent = self->on_sent_) {
      on_sent();
    }
  };
  asio::async_write(out_ ? *out_ : in_, buffers, done);
}

void FrameLink::close_writing() {
  can_write_ = false;
  asio::error_code ignored;
  if (out_) out_->close(ignored);
}

}  // namespace prun::agent
