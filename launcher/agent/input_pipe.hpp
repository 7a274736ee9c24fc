#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace prun::agent {

// Writes the standard input of one rank, and knows how much of it the rank has read: what it leaves
// unread goes back to whoever else reads prun's standard input. Owns the descriptor, the writing end
// of a pipe; one thread; held by shared_ptr for the sake of waits under way. What it holds is
// bounded by the credit the launcher has.
class InputPipe : public std::enable_shared_from_this<InputPipe> {
 public:
  // `bytes` more were read by the rank; `closed`: it will read no more. closed comes once.
  using OnTaken = std::function<void(std::uint32_t bytes, bool closed)>;

  // What the rank has read of a terminal cannot be known: it counts as read when it is written.
  enum class Kind : std::uint8_t { pipe, terminal };

  InputPipe(asio::io_context& io, int fd, Kind kind = Kind::pipe);

  void start(OnTaken on_taken);
  void write(std::span<const std::byte> data);
  // End of file for the rank, behind all that was written.
  void finish();
  // The rank has ended: tells what it has read and did not have to tell yet, and closes.
  void settle();
  void close();
  // Everything written was read, so a rank that reads now waits.
  bool is_empty() const { return queue_.empty() && unread_ == 0; }
  bool is_terminal() const { return open_ && kind_ == Kind::terminal; }
  int descriptor() { return descriptor_.native_handle(); }

 private:
  void write_more();
  void wait_for_reader();
  void watch_reader();
  void broken();
  std::uint32_t count_read();

  asio::posix::stream_descriptor descriptor_;
  Kind kind_;
  std::size_t page_bytes_;
  std::deque<std::byte> queue_;
  std::size_t unread_ = 0;  // in the pipe, as far as is known
  OnTaken on_taken_;
  bool open_ = true;
  bool finishing_ = false;
};

}  // namespace prun::agent
