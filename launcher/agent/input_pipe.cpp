#include "launcher/agent/input_pipe.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace prun::agent {

InputPipe::InputPipe(asio::io_context& io, int fd, Kind kind)
    : descriptor_(io, fd),
      kind_(kind),
      page_bytes_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
  // A pipe of one page is writable when, and only when, all that was written has been read.
  if (kind == Kind::pipe) ::fcntl(fd, F_SETPIPE_SZ, 1);
}

void InputPipe::start(OnTaken on_taken) {
  on_taken_ = std::move(on_taken);
  asio::error_code ignored;
  descriptor_.non_blocking(true, ignored);
  if (kind_ == Kind::pipe) watch_reader();
}

void InputPipe::write(std::span<const std::byte> data) {
  if (!open_ || finishing_ || data.empty()) return;
  queue_.insert(queue_.end(), data.begin(), data.end());
  if (unread_ == 0) write_more();
}

void InputPipe::finish() {
  if (kind_ == Kind::terminal) {
    // The key that ends input, as if somebody had pressed it; the terminal itself stays.
    constexpr std::byte end_of_input{4};
    write(std::span(&end_of_input, 1));
    finishing_ = true;
    return;
  }
  finishing_ = true;
  if (is_empty()) close();
}

void InputPipe::settle() {
  if (!open_) return;
  const std::uint32_t bytes = count_read();
  if (bytes != 0) on_taken_(bytes, false);
  close();
}

void InputPipe::close() {
  if (!open_) return;
  open_ = false;
  asio::error_code ignored;
  descriptor_.close(ignored);
  on_taken_ = nullptr;
}

void InputPipe::write_more() {
  const std::vector<std::byte> page(
      queue_.begin(),
      queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), page_bytes_)));
  const ssize_t written = ::write(descriptor_.native_handle(), page.data(), page.size());
  if (written < 0 && errno != EAGAIN && errno != EINTR) return broken();
  if (written > 0) {
    queue_.erase(queue_.begin(), queue_.begin() + written);
    unread_ = static_cast<std::size_t>(written);
  }
  wait_for_reader();
}

void InputPipe::wait_for_reader() {
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](asio::error_code error) {
                           if (!self->open_ || error) return;
                           const std::uint32_t bytes = self->count_read();
                           if (bytes != 0) self->on_taken_(bytes, false);
                           if (!self->open_) return;
                           if (self->unread_ != 0) return self->wait_for_reader();
                           if (!self->queue_.empty()) return self->write_more();
                           if (self->finishing_ && self->kind_ == Kind::pipe) self->close();
                         });
}

// How much more of what stood in the pipe is gone.
std::uint32_t InputPipe::count_read() {
  int left = 0;
  if (kind_ == Kind::pipe && ::ioctl(descriptor_.native_handle(), FIONREAD, &left) != 0) left = 0;
  const std::size_t still = std::min(unread_, static_cast<std::size_t>(std::max(left, 0)));
  std::size_t read = std::exchange(unread_, still) - still;
  // The key that ends input was the last in the queue, and ours.
  if (kind_ == Kind::terminal && finishing_ && read > 0 && unread_ == 0 && queue_.empty()) --read;
  return static_cast<std::uint32_t>(read);
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
  const std::uint32_t bytes = count_read();
  const auto on_taken = std::exchange(on_taken_, nullptr);
  close();
  if (on_taken) on_taken(bytes, true);
}

}  // namespace prun::agent
