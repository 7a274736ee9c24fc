#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace prun::agent {

// How many bytes of output an agent may still send before the launcher has written some out. One
// per agent, so that a launcher whose terminal stands still holds the ranks back instead of filling
// memory.
class OutputWindow {
 public:
  static constexpr std::size_t size_bytes = 256 * 1024;

  std::size_t left() const { return left_; }
  void take(std::size_t bytes) { left_ -= bytes < left_ ? bytes : left_; }
  // A launcher that gives back more than it got gains nothing by it.
  void give_back(std::size_t bytes) {
    left_ = bytes < size_bytes - left_ ? left_ + bytes : size_bytes;
  }

 private:
  std::size_t left_ = size_bytes;
};

// Reads what one rank writes to its standard output or error, as far as the window allows. Owns the
// descriptor. One thread, that of the io_context; held by shared_ptr for the sake of waits under
// way.
class OutputPipe : public std::enable_shared_from_this<OutputPipe> {
 public:
  using OnData = std::function<void(std::span<const std::byte>)>;
  using OnClosed = std::function<void()>;  // once, unless close() comes first

  OutputPipe(asio::io_context& io, int fd, OutputWindow& window)
      : descriptor_(io, fd), window_(window) {}

  void start(OnData on_data, OnClosed on_closed);
  // The window has room again.
  void resume();
  // The rank is gone: take what stands in the pipe now and close, though somebody may still hold
  // its other end.
  void finish();
  void close();
  bool is_open() const { return open_; }

 private:
  void wait();
  void read_once();
  std::size_t waiting_bytes();
  void end();

  asio::posix::stream_descriptor descriptor_;
  OutputWindow& window_;
  OnData on_data_;
  OnClosed on_closed_;
  std::optional<std::size_t> last_bytes_;  // after finish(): how many more to read
  bool held_back_ = false;                 // by the window; no wait is under way
  bool open_ = true;
};

}  // namespace prun::agent
