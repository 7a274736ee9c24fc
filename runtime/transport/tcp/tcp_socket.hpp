#pragma once

#include <asio/bind_allocator.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <utility>

#include "runtime/transport/tcp/handler_memory.hpp"

namespace prun::transport {

// The socket of a connection, and whether the event loop watches it.
//
// The kernel tells the loop of every packet on a watched socket, which adds 0.16 us to a message of
// 3.8 us (measured over loopback) although a spinning rank reads it anyway. So the loop watches
// only where somebody waits: when_readable and when_writable let it, unwatch ends that. Either way
// costs about a microsecond.
//
// Owned by its TcpConnection. One thread.
class TcpSocket {
 public:
  // Takes the descriptor over and makes it non-blocking.
  explicit TcpSocket(asio::ip::tcp::socket socket);
  ~TcpSocket() { close(); }
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  int descriptor() const { return descriptor_; }

  // Calls handler(error) once when reading, or writing, is worth trying. Allocates nothing; one of
  // each at a time. The handler keeps the owner of this object alive.
  template <class Handler>
  void when_readable(Handler handler) {
    wait(asio::posix::stream_descriptor::wait_read, read_memory_, std::move(handler));
  }
  template <class Handler>
  void when_writable(Handler handler) {
    wait(asio::posix::stream_descriptor::wait_write, write_memory_, std::move(handler));
  }

  // Not while a handler is to be called.
  void unwatch();

  void close();

 private:
  template <class Handler>
  void wait(asio::posix::stream_descriptor::wait_type what, HandlerMemory& memory,
            Handler handler) {
    watch();
    watch_.async_wait(what,
                      asio::bind_allocator(HandlerAllocator<void>(memory), std::move(handler)));
  }
  void watch();

  asio::posix::stream_descriptor watch_;  // open while the loop watches
  int descriptor_ = -1;
  HandlerMemory read_memory_;
  HandlerMemory write_memory_;
};

}  // namespace prun::transport
