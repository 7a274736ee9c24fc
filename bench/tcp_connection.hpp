#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace prun::bench {

// How a process waits on its socket: asking again and again, or asleep in the kernel.
enum class Waiting : std::uint8_t { spinning, blocking };

// A bare TCP connection with TCP_NODELAY. Owns its descriptor and closes it at the end. One thread.
// Failures throw std::runtime_error that says what was tried.
class TcpConnection {
 public:
  explicit TcpConnection(int descriptor);
  ~TcpConnection();
  TcpConnection(TcpConnection&& other) noexcept;
  TcpConnection& operator=(TcpConnection&&) = delete;

  // While nobody listens there yet it tries again, for so many seconds.
  static TcpConnection connect(const std::string& address, std::uint16_t port, double seconds);

  void wait_by(Waiting waiting) { waiting_ = waiting; }
  // Whether both ends have the same address.
  bool within_one_host() const;
  void send_all(std::span<const std::byte> data);
  // False when the other side closed before the first byte.
  bool recv_all(std::span<std::byte> data);

 private:
  int descriptor_;
  Waiting waiting_ = Waiting::blocking;
};

// A socket that listens at one address. Owns its descriptor.
class TcpListener {
 public:
  // Port 0: any free one.
  TcpListener(const std::string& address, std::uint16_t port);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  std::uint16_t port() const;
  TcpConnection accept();

 private:
  int descriptor_;
};

}  // namespace prun::bench
