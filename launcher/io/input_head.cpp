#include "launcher/io/input_head.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace prun::io {

InputHead::InputHead(int descriptor, bool keeps_rest) : descriptor_(descriptor) {
  struct stat status {};
  if (!keeps_rest || ::fstat(descriptor, &status) != 0) return;
  if (S_ISREG(status.st_mode)) {
    offset_ = ::lseek(descriptor, 0, SEEK_CUR);
    if (offset_ >= 0) way_ = Way::file;
  } else if (S_ISFIFO(status.st_mode)) {
    if (::pipe2(copy_.data(), O_CLOEXEC | O_NONBLOCK) == 0) way_ = Way::pipe;
  } else if (S_ISSOCK(status.st_mode)) {
    way_ = Way::socket;
  }
}

InputHead::~InputHead() {
  for (const int end : copy_) {
    if (end >= 0) ::close(end);
  }
}

InputHead::Read InputHead::read(std::size_t most) {
  Read read;
  std::vector<std::byte> bytes(most);
  switch (way_) {
    case Way::take:
      return take(most);
    case Way::file: {
      const ssize_t count =
          ::pread(descriptor_, bytes.data(), bytes.size(), offset_ + static_cast<off_t>(shown_));
      read = outcome(count, std::move(bytes));
      break;
    }
    case Way::pipe:
      read = copy_of_pipe(most);
      break;
    case Way::socket: {
      const ssize_t count =
          ::recv(descriptor_, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
      read = outcome(count, std::move(bytes));
      break;
    }
  }
  shown_ += read.bytes.size();
  return read;
}

void InputHead::drop(std::size_t bytes) {
  if (way_ == Way::take) return;
  bytes = std::min(bytes, shown_);
  shown_ -= bytes;
  if (way_ == Way::file) {
    if (bytes == 0) return;
    offset_ += static_cast<off_t>(bytes);
    ::lseek(descriptor_, offset_, SEEK_SET);
    return;
  }
  // Somebody else may have read it in between.
  pollfd ready{descriptor_, POLLIN, 0};
  while (bytes != 0 && ::poll(&ready, 1, 0) == 1) {
    const Read gone = take(bytes);
    if (gone.bytes.empty() && !gone.again) return;
    bytes -= gone.bytes.size();
  }
}

InputHead::Read InputHead::take(std::size_t most) {
  std::vector<std::byte> bytes(most);
  const ssize_t count = ::read(descriptor_, bytes.data(), bytes.size());
  return outcome(count, std::move(bytes));
}

InputHead::Read InputHead::copy_of_pipe(std::size_t most) {
  const ssize_t copied = ::tee(descriptor_, copy_[1], most, SPLICE_F_NONBLOCK);
  if (copied < 0 && errno == EINVAL) {
    way_ = Way::take;
    return take(most);
  }
  if (copied <= 0) return outcome(copied, {});
  std::vector<std::byte> bytes(static_cast<std::size_t>(copied));
  const ssize_t count = ::read(copy_[0], bytes.data(), bytes.size());
  return outcome(count, std::move(bytes));
}

InputHead::Read InputHead::outcome(ssize_t count, std::vector<std::byte> bytes) {
  if (count < 0) return {{}, errno, errno == EINTR || errno == EAGAIN};
  bytes.resize(static_cast<std::size_t>(count));
  return {std::move(bytes), 0, false};
}

}  // namespace prun::io
