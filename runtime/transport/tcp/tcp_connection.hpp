#pragma once

#include <sys/types.h>

#include <array>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/security/records.hpp"
#include "runtime/transport/tcp/link_speed.hpp"
#include "runtime/transport/tcp/pacing_rate.hpp"
#include "runtime/transport/tcp/sealed_output.hpp"
#include "runtime/transport/tcp/segment_unpacker.hpp"
#include "runtime/transport/tcp/tcp_outbox.hpp"
#include "runtime/transport/tcp/tcp_socket.hpp"
#include "runtime/transport/tcp/unsent_limit.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::transport {

// The stream between this rank and one peer, after the handshake: bytes in, frames up; the outbox
// out. Reads and writes the socket directly and without blocking; Asio is asked only to say when
// that is worth trying again.
//
// Owned by its TcpTransport; shared with the Asio callbacks that may outlast it there. One thread.
// After `end` the socket is closed and nothing is reported any more.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  struct Traffic {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };

  // What the transport is told and asked. `stirred`: an event moved bytes or may let some be written.
  class Owner {
   public:
    virtual void on_stirred(TcpConnection& connection) = 0;
    virtual void on_connection_end(TcpConnection& connection, bool orderly,
                                   const std::string& cause) = 0;
    // Bytes that all connections have sent and received so far.
    virtual Traffic traffic() const = 0;

   protected:
    ~Owner() = default;
  };

  // The connections of a transport share `scratch`, in which nothing stays between calls, and
  // `pacing`, which is null where nothing is to be paced.
  TcpConnection(asio::ip::tcp::socket socket, WorldRank peer, Owner& owner, Receiver& receiver,
                std::span<std::byte> scratch, PacingRate* pacing);

  WorldRank peer() const { return peer_; }
  bool open() const { return open_; }

  // From now on, before anything is read or written: all of it is records under these keys. `scratch`
  // as SealedOutput wants it.
  void encrypt(const security::RecordKeys& keys, std::span<std::byte> scratch);
  // Something was taken off the outbox and has not left this process.
  bool holds_back() const { return open_ && sealed_ && sealed_->output.waits(); }

  // Reads what is there, up to a bound that keeps the others served. True if there was anything.
  bool read();
  // The same for a rank that spins, which the event loop need not tell of every packet.
  bool read_spinning();

  // Sends a frame at once as far as the socket takes it, and leaves the rest in the outbox. No
  // upcalls.
  void write_frame(TcpOutbox& outbox, const wire::Frame& frame, std::span<const std::byte> payload);

  // Writes the outbox as far as the socket takes it; reports bulk sends that are through. True if
  // anything was written.
  bool flush(TcpOutbox& outbox);

  // What was read and written here.
  const Counters& counters() const { return counters_; }

  // Asks Asio for the next event.
  void arm_read();

  // The payload under way has no place any more.
  void discard_arriving();

  // Every byte written is in the peer's kernel.
  bool delivered();
  // See link_silence.
  std::optional<std::chrono::milliseconds> silence() const;

  void end(bool orderly, const std::string& cause);
  // Without telling anybody.
  void close_quietly();

 private:
  ssize_t receive(std::size_t direct);
  void open_records(std::span<std::byte> bytes);
  void parse(std::span<const std::byte> bytes);
  void begin_frame(const wire::Frame& frame);
  void advance_payload(std::size_t count);
  void end_frame();
  void arm_write();
  void write_frames(TcpOutbox& outbox);
  void look_at_speed(TcpOutbox& outbox);
  void adapt_unsent_limit(TcpOutbox& outbox, double speed);
  void adapt_pacing(const LinkSpeed& speed, std::uint64_t sent);
  void keep_pace();
  template <class Call>
  std::optional<std::size_t> write(const Call& call);
  std::optional<std::size_t> send(std::span<const std::byte> bytes);
  std::optional<std::size_t> send(std::span<iovec> pieces, int flags = 0);
  std::optional<std::size_t> send_sealed(std::span<const iovec> pieces, int flags);
  bool send_waiting(int flags);

  struct Sealed {
    Sealed(const security::RecordKeys& keys, std::span<std::byte> scratch)
        : input(keys.incoming), output(keys.outgoing, scratch) {}
    security::RecordReader input;
    SealedOutput output;
  };

  TcpSocket socket_;
  WorldRank peer_;
  Owner& owner_;
  Receiver& receiver_;
  std::span<std::byte> scratch_;
  std::unique_ptr<Sealed> sealed_;  // null: the bytes travel as they are

  Counters counters_;
  bool open_ = true;
  bool writable_ = true;  // false once the peer has closed its end against us: reading goes on
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool said_bye_ = false;  // the peer
  unsigned reads_without_waiting_ = 0;

  UnsentLimit unsent_limit_;
  PacingRate* pacing_;
  std::uint32_t pace_ = PacingRate::unlimited;  // as the kernel knows it
  // When the speed was last looked at.
  std::uint64_t sent_then_ = 0;
  Traffic traffic_then_;
  PacingRate::TimePoint time_then_;
  LinkSpeed speed_then_;

  // Where in the stream of frames reading stands.
  std::array<std::byte, wire::max_header_bytes> partial_header_{};
  std::size_t partial_bytes_ = 0;
  std::optional<wire::Envelope> previous_;
  wire::Frame frame_;  // as the receiver is told of it
  std::byte* place_ = nullptr;
  std::uint64_t payload_left_ = 0;
  SegmentUnpacker unpacker_;
};

}  // namespace prun::transport
