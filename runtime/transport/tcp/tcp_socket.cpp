#include "runtime/transport/tcp/tcp_socket.hpp"

#include <unistd.h>

namespace prun::transport {

TcpSocket::TcpSocket(asio::ip::tcp::socket socket) : watch_(socket.get_executor()) {
  asio::error_code ignored;  // every call below asks not to block, too
  socket.native_non_blocking(true, ignored);
  descriptor_ = socket.release(ignored);
}

void TcpSocket::watch() {
  if (watch_.is_open()) return;
  asio::error_code error;
  watch_.assign(descriptor_, error);
  // Without memory in the kernel the wait that follows fails, and is tried again.
}

void TcpSocket::unwatch() {
  if (watch_.is_open()) watch_.release();
}

void TcpSocket::close() {
  if (descriptor_ < 0) return;
  unwatch();
  ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace prun::transport
