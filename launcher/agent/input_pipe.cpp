#include "launcher/agent/input_pipe.hpp"

#include <asio/buffer.hpp>
#include <asio/write.hpp>

#include <utility>

namespace prun::agent {

void InputPipe::start(OnTaken on_taken) {
  on_taken_ = std::move(on_taken);
  asio::error_code ignored;
  descriptor_.non_blocking(true, ignored);
  watch_reader();
}

void InputPipe::write(std::span<const std::byte> data) {
  if (!open_ || finishing_ || data.empty()) return;
  queue_.emplace_back(data.begin(), data.end());
  if (!writing_) write_more();
}

void InputPipe::finish() {
  finishing_ = true;
  if (queue_.empty()) close();
}

void InputPipe::close() {
  if (!open_) return;
  open_ = false;
  asio::error_code ignored;
  descriptor_.close(ignored);
  on_taken_ = nullptr;
}

void InputPipe::write_more() {
  writing_ = true;
  asio::async_write(descriptor_, asio::buffer(queue_.front()),
                    [self = shared_from_this()](asio::error_code error, std::size_t written) {
                      self->writing_ = false;
                      if (!self->open_) return;
                      if (error) {
                        self->broken();
                        return;
                      }
                      self->queue_.pop_front();
                      self->on_taken_(static_cast<std::uint32_t>(written), false);
                      if (!self->open_) return;
                      if (!self->queue_.empty()) {
                        self->write_more();
                      } else if (self->finishing_) {
                        self->close();
                      }
                    });
}

// A reader that closes its end while we have nothing to write shows as an error condition of the
// pipe only.
void InputPipe::watch_reader() {
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_error,
                         [self = shared_from_this()](asio::error_code error) {
                           if (self->open_ && !error) self->broken();
                         });
}

void InputPipe::broken() {
  const auto on_taken = std::exchange(on_taken_, nullptr);
  close();
  if (on_taken) on_taken(0, true);
}

}  // namespace prun::agent
