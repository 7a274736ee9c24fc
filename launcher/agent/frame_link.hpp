#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/bootstrap/control_frame.hpp"
#include "runtime/security/records.hpp"

namespace prun::agent {

// One end of the control plane: frames of bootstrap:: in both directions over two descriptors (or
// one, given twice). Owns the descriptors. One thread, that of the io_context. Held by shared_ptr
// because reads and writes under way keep it alive; close() ends it at once and no callback comes
// after it.
class FrameLink : public std::enable_shared_from_this<FrameLink> {
 public:
  using OnFrame = std::function<void(const bootstrap::ControlFrame&)>;
  // The stream has ended, by whatever; comes once at most.
  struct End {
    bool garbage = false;  // the bytes cannot be frames of ours
    std::string why;       // empty after an orderly end of file
  };
  using OnEnd = std::function<void(const End& end)>;

  // `out_fd` may equal `in_fd`. Both become non-blocking.
  FrameLink(asio::io_context& io, int in_fd, int out_fd);

  // From now on, before anything is sent or read: all of it is records under these keys.
  void encrypt(const security::RecordKeys& keys);

  // `early` are bytes of the stream that somebody has read already.
  void start(OnFrame on_frame, OnEnd on_end, std::span<const std::byte> early = {});

  template <class Message>
  void send(const Message& message) {
    send_bytes(bootstrap::encode_frame(message));
  }
  // Whole frames or other bytes that go out in order with them.
  void send_bytes(std::vector<std::byte> bytes);

  // Nothing waits to be written.
  bool is_idle() const { return queue_.empty(); }
  // When something was last given to send.
  std::chrono::steady_clock::time_point last_sent() const { return last_sent_; }

  // Called each time everything queued has been written.
  void when_sent(std::function<void()> on_sent) { on_sent_ = std::move(on_sent); }

  // Reads and delivers what has arrived until now without waiting: before a peer's end is judged,
  // its last words.
  void drain();

  // No more frames go out after those queued; the reading side lives on.
  void close_when_sent();
  void close();
  bool is_open() const { return open_; }

 private:
  void read_more();
  bool read_once();
  void deliver(std::span<const std::byte> bytes);
  void open_records(std::span<std::byte> bytes);
  void end(const End& end);
  void write_more();
  void close_writing();

  asio::posix::stream_descriptor in_;
  std::optional<asio::posix::stream_descriptor> out_;  // none where in_ serves both ways
  struct Sealed {
    explicit Sealed(const security::RecordKeys& keys)
        : input(keys.incoming), output(keys.outgoing) {}
    security::RecordReader input;
    security::RecordCipher output;
  };

  std::unique_ptr<Sealed> sealed_;  // null: the bytes travel as they are
  bootstrap::ControlParser parser_;
  std::array<std::byte, 64 * 1024> buffer_;
  std::deque<std::vector<std::byte>> queue_;
  std::chrono::steady_clock::time_point last_sent_{};
  std::size_t writing_ = 0;  // entries at the front of queue_ that a write is under way for
  OnFrame on_frame_;
  OnEnd on_end_;
  std::function<void()> on_sent_;
  bool open_ = true;
  bool can_write_ = true;
  bool closing_writing_ = false;
};

}  // namespace prun::agent
