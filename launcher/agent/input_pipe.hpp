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

// Writes the standard input of one rank. Owns the descriptor; one thread; held by shared_ptr for
// the sake of writes under way. What it holds is bounded by the credit the launcher has.
class InputPipe : public std::enable_shared_from_this<InputPipe> {
 public:
  // `bytes` more were taken by the rank; `closed`: it will take no more. closed comes once.
  using OnTaken = std::function<void(std::uint32_t bytes, bool closed)>;

  InputPipe(asio::io_context& io, int fd) : descriptor_(io, fd) {}

  void start(OnTaken on_taken);
  void write(std::span<const std::byte> data);
  // End of file for the rank, behind all that was written.
  void finish();
  void close();

 private:
  void write_more();
  void watch_reader();
  void broken();

  asio::posix::stream_descriptor descriptor_;
  std::deque<std::vector<std::byte>> queue_;
  OnTaken on_taken_;
  bool open_ = true;
  bool writing_ = false;
  bool finishing_ = false;
};

}  // namespace prun::agent
