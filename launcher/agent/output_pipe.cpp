#include "launcher/agent/output_pipe.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/wire/limits.hpp"

namespace prun::agent {

void OutputPipe::start(OnData on_data, OnClosed on_closed) {
  on_data_ = std::move(on_data);
  on_closed_ = std::move(on_closed);
  asio::error_code ignored;
  descriptor_.non_blocking(true, ignored);
  wait();
}

void OutputPipe::resume() {
  if (!open_ || !held_back_) return;
  held_back_ = false;
  read_once();
}

void OutputPipe::finish() {
  if (!open_) return;
  last_bytes_ = waiting_bytes();
  // Held back by the window: resume() goes on. Else nobody may ever write again and the wait would
  // stay.
  if (!held_back_ && *last_bytes_ == 0) end();
}

void OutputPipe::close() {
  if (!open_) return;
  open_ = false;
  asio::error_code ignored;
  descriptor_.close(ignored);
  on_data_ = nullptr;
  on_closed_ = nullptr;
}

void OutputPipe::wait() {
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](asio::error_code error) {
                           if (self->open_ && !error) self->read_once();
                         });
}

void OutputPipe::read_once() {
  std::array<std::byte, wire::output_chunk_bytes> chunk;
  std::size_t most = std::min(chunk.size(), window_.left());
  if (last_bytes_) most = std::min(most, *last_bytes_);
  if (most == 0) {
    if (last_bytes_ && *last_bytes_ == 0) {
      end();
    } else {
      held_back_ = true;
    }
    return;
  }
  const ssize_t got = ::read(descriptor_.native_handle(), chunk.data(), most);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    end();
    return;
  }
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    window_.take(bytes);
    if (last_bytes_) *last_bytes_ -= bytes;
    on_data_(std::span(chunk).first(bytes));
    if (!open_) return;
    if (last_bytes_ && *last_bytes_ == 0) {
      end();
      return;
    }
  }
  wait();
}

std::size_t OutputPipe::waiting_bytes() {
  int bytes = 0;
  return ::ioctl(descriptor_.native_handle(), FIONREAD, &bytes) == 0 && bytes > 0
             ? static_cast<std::size_t>(bytes)
             : 0;
}

void OutputPipe::end() {
  const auto on_closed = std::exchange(on_closed_, nullptr);
  close();
  if (on_closed) on_closed();
}

}  // namespace prun::agent
