#include "runtime/transport/tcp/tcp_connection.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "runtime/transport/tcp/link_silence.hpp"

namespace prun::transport {
namespace {

// Reads of one connection in a row: 16 x 64 KiB is 85 ms at 100 Mbit/s, and little on a faster
// link.
constexpr int reads_in_a_row = 16;

// Reads by a spinning rank, with no wait in the event loop between them, after which the loop need
// not watch the socket.
constexpr unsigned reads_before_unwatched = 16;

// What is written between two looks at the speed of the connection, in units of what may be unsent:
// about 10 ms. Short messages alone are not worth a look.
constexpr std::size_t limits_between_looks = 8;

// The kernel joins what is written to packets of up to 64 KiB, cut for the wire only when they leave,
// and counts in them: 64 KiB may be unsent whatever the limit, and two of them stand in the queue of
// the device. On slow links each write is kept apart (MSG_EOR), so that these are segments.
constexpr std::size_t limit_of_slow_links = 64u << 10;

// Payloads up to this long are put behind their header for one plain send. Against sendmsg with two
// pieces that saves 0.16 us of 4.4 us one way over loopback; copying 1 KiB takes 0.02 us.
constexpr std::size_t joined_payload_bytes = 1024;

std::string system_cause(int error) {
  return std::strerror(error);
}

}  // namespace

TcpConnection::TcpConnection(asio::ip::tcp::socket socket, WorldRank peer, Owner& owner,
                             Receiver& receiver, std::span<std::byte> scratch, PacingRate* pacing)
    : socket_(std::move(socket)),
      peer_(peer),
      owner_(owner),
      receiver_(receiver),
      scratch_(scratch),
      pacing_(pacing),
      traffic_then_(owner.traffic()),
      time_then_(std::chrono::steady_clock::now()) {
  // Tuning that an old kernel may not know; the stream works without.
  const int on = 1;
  ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int low_water = static_cast<int>(unsent_limit_.bytes());
  ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low_water, sizeof(low_water));
}

void TcpConnection::encrypt(const security::RecordKeys& keys, std::span<std::byte> scratch) {
  sealed_ = std::make_unique<Sealed>(keys, scratch);
}

// --- reading
// ---------------------------------------------------------------------------------------------------------------

bool TcpConnection::read_spinning() {
  const bool moved = read();
  if (moved && ++reads_without_waiting_ >= reads_before_unwatched && !read_armed_ &&
      !write_armed_) {
    socket_.unwatch();
  }
  return moved;
}

bool TcpConnection::read() {
  bool moved = false;
  for (int i = 0; i < reads_in_a_row && open_; ++i) {
    const std::size_t direct =
        place_ != nullptr && !sealed_ ? static_cast<std::size_t>(payload_left_) : 0;
    const ssize_t got = receive(direct);
    if (got < 0) {
      if (errno == EINTR) continue;
      ++counters_.reads_empty;
      if (errno != EAGAIN) end(said_bye_, "broke the connection: " + system_cause(errno));
      return moved;
    }
    if (got == 0) {
      end(said_bye_, "closed the connection without a word");
      return moved;
    }
    moved = true;
    const auto bytes = static_cast<std::size_t>(got);
    ++counters_.reads;
    counters_.bytes_received += bytes;
    const std::size_t straight = std::min(bytes, direct);
    if (straight > 0) advance_payload(straight);
    if (sealed_) {
      open_records(scratch_.first(bytes));
    } else {
      parse(scratch_.first(bytes - straight));
    }
    if (bytes < direct + scratch_.size()) break;  // there was no more
  }
  return moved;
}

// Reads up to `direct` bytes to where the payload under way belongs, and what follows into scratch.
ssize_t TcpConnection::receive(std::size_t direct) {
  // A spinning rank comes here all the time: the plain call costs a third less than the other.
  if (direct == 0)
    return ::recv(socket_.descriptor(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
  const std::array<iovec, 2> pieces{{{place_, direct}, {scratch_.data(), scratch_.size()}}};
  return ::readv(socket_.descriptor(), pieces.data(), static_cast<int>(pieces.size()));
}

void TcpConnection::open_records(std::span<std::byte> bytes) {
  const auto taken = sealed_->input.take(bytes, [this](std::span<const std::byte> text) {
    parse(text);
    return open_;
  });
  if (!taken) end(false, taken.failure().text);
}

void TcpConnection::parse(std::span<const std::byte> bytes) {
  while (!bytes.empty() && open_) {
    if (payload_left_ > 0) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size()));
      if (place_ != nullptr) {
        std::memcpy(place_, bytes.data(), count);
        counters_.bytes_copied += count;
      }
      bytes = bytes.subspan(count);
      advance_payload(count);
      continue;
    }
    // A header may begin in one read and end in another.
    std::span<const std::byte> head = bytes;
    const std::size_t kept = partial_bytes_;
    if (kept > 0) {
      const std::size_t more = std::min(bytes.size(), partial_header_.size() - kept);
      std::copy_n(bytes.begin(), more, partial_header_.begin() + static_cast<std::ptrdiff_t>(kept));
      head = std::span(partial_header_).first(kept + more);
    }
    const auto decoded = wire::decode_header(head, previous_ ? &*previous_ : nullptr);
    if (!decoded) {
      end(false, "sent what no rank sends: " + decoded.failure().text);
      return;
    }
    if (!decoded.value()) {
      if (kept == 0) std::copy(head.begin(), head.end(), partial_header_.begin());
      partial_bytes_ = head.size();
      return;
    }
    partial_bytes_ = 0;
    bytes = bytes.subspan(decoded.value()->header_bytes - kept);
    begin_frame(decoded.value()->frame);
  }
}

void TcpConnection::begin_frame(const wire::Frame& frame) {
  if (said_bye_) {
    end(false, "went on after saying goodbye");
    return;
  }
  if (frame.kind == wire::FrameKind::bye) {
    // Nothing follows. The socket stays until the peer closes it, so that what is on its way there
    // arrives.
    said_bye_ = true;
    owner_.on_connection_end(*this, true, {});
    return;
  }
  frame_ = frame;
  ++counters_.frames_received;
  counters_.messages_received += wire::begins_message(frame.kind);
  if (frame.kind == wire::FrameKind::eager) previous_ = frame.envelope;
  payload_left_ = frame.payload_bytes();
  const bool packed = frame.kind == wire::FrameKind::lz4_data;
  if (packed) frame_.kind = wire::FrameKind::data;
  const auto place = receiver_.on_frame_begin(peer_, frame_);
  if (!place) {
    end(false, place.failure().text);
    return;
  }
  place_ = place.value();
  if (frame_.kind == wire::FrameKind::data) {
    const auto here = unpacker_.begin(frame, place_);
    if (!here) {
      end(false, here.failure().text);
      return;
    }
    place_ = here.value();
  }
  if (payload_left_ == 0) end_frame();
}

void TcpConnection::advance_payload(std::size_t count) {
  payload_left_ -= count;
  if (place_ != nullptr) place_ += count;
  if (payload_left_ == 0) end_frame();
}

void TcpConnection::end_frame() {
  place_ = nullptr;
  if (frame_.kind == wire::FrameKind::data) {
    const auto unpacked = unpacker_.end();
    if (!unpacked) {
      end(false, unpacked.failure().text);
      return;
    }
  }
  const auto ended = receiver_.on_frame_end(peer_, frame_);
  if (!ended) end(false, ended.failure().text);
}

void TcpConnection::discard_arriving() {
  place_ = nullptr;
  unpacker_.discard();
}

// --- writing
// ---------------------------------------------------------------------------------------------------------------

// Bytes taken by the socket; nothing when it can take none now or any more.
template <class Call>
std::optional<std::size_t> TcpConnection::write(const Call& call) {
  for (;;) {
    const ssize_t sent = call();
    if (sent >= 0) {
      ++counters_.writes;
      counters_.bytes_sent += static_cast<std::size_t>(sent);
      return static_cast<std::size_t>(sent);
    }
    if (errno == EINTR) continue;
    ++counters_.writes_refused;
    // The peer has gone. What it sent before is still to be read, and tells whether it went in good
    // order.
    if (errno != EAGAIN) writable_ = false;
    return std::nullopt;
  }
}

std::optional<std::size_t> TcpConnection::send(std::span<const std::byte> bytes) {
  if (sealed_) {
    const iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    return send_sealed({&piece, 1}, 0);
  }
  return write([&] {
    return ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  });
}

std::optional<std::size_t> TcpConnection::send(std::span<iovec> pieces, int flags) {
  if (sealed_) return send_sealed(pieces, flags);
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return write([&] {
    return ::sendmsg(socket_.descriptor(), &message, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
  });
}

// Bytes that are taken off the caller; some of them may be held back until the socket takes more.
std::optional<std::size_t> TcpConnection::send_sealed(std::span<const iovec> pieces, int flags) {
  if (!send_waiting(flags)) return std::nullopt;
  std::size_t taken = 0;
  for (;;) {
    const SealedOutput::Batch batch = sealed_->output.seal(pieces, taken);
    if (batch.text_bytes == 0) return taken;
    taken += batch.text_bytes;
    counters_.bytes_copied += batch.text_bytes;
    const auto sent = write([&] {
      return ::send(socket_.descriptor(), batch.records.data(), batch.records.size(),
                    MSG_NOSIGNAL | MSG_DONTWAIT | flags);
    });
    if (sent == batch.records.size()) continue;
    sealed_->output.keep(batch.records.subspan(sent.value_or(0)));
    return taken;
  }
}

// Whether nothing of earlier records is held back any more.
bool TcpConnection::send_waiting(int flags) {
  SealedOutput& output = sealed_->output;
  if (!output.waits()) return true;
  const auto sent = write([&] {
    return ::send(socket_.descriptor(), output.waiting().data(), output.waiting().size(),
                  MSG_NOSIGNAL | MSG_DONTWAIT | flags);
  });
  output.written(sent.value_or(0));
  return !output.waits();
}

void TcpConnection::write_frame(TcpOutbox& outbox, const wire::Frame& frame,
                                std::span<const std::byte> payload) {
  if (!open_ || !writable_) return;
  if (!outbox.empty() || holds_back()) {
    outbox.add(frame, payload);
    // Behind frames that were held it leaves now; behind what the socket did not take, when it can.
    if (!write_armed_) write_frames(outbox);
    return;
  }
  const wire::EncodedHeader encoded = outbox.encode(frame);
  const auto header = encoded.view();
  std::size_t sent = 0;
  if (payload.size() <= joined_payload_bytes) {
    std::array<std::byte, wire::max_header_bytes + joined_payload_bytes> joined;
    std::copy(payload.begin(), payload.end(),
              std::copy(header.begin(), header.end(), joined.begin()));
    sent = send(std::span(joined).first(header.size() + payload.size())).value_or(0);
  } else {
    // sendmsg reads only; its structure has no const.
    std::array<iovec, 2> pieces{{{const_cast<std::byte*>(header.data()), header.size()},
                                 {const_cast<std::byte*>(payload.data()), payload.size()}}};
    sent = send(pieces).value_or(0);
    look_at_speed(outbox);
  }
  if (sent < header.size()) outbox.append(header.subspan(sent));
  outbox.append_payload(payload.subspan(sent > header.size() ? sent - header.size() : 0));
  if (!outbox.empty() || holds_back()) arm_write();
}

// Without upcalls: what waits is small frames.
void TcpConnection::write_frames(TcpOutbox& outbox) {
  if (outbox.has_bulk()) return;
  std::array<iovec, TcpOutbox::pieces> pieces;
  const std::size_t count = outbox.gather(pieces);
  const auto sent = send(std::span(pieces).first(count));
  outbox.written(sent.value_or(0), false);
  if ((!outbox.empty() || holds_back()) && writable_) arm_write();
}

bool TcpConnection::flush(TcpOutbox& outbox) {
  bool moved = false;
  keep_pace();
  while (open_ && writable_ && (!outbox.empty() || holds_back())) {
    std::array<iovec, TcpOutbox::pieces> pieces;
    const std::size_t count = outbox.gather(pieces);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) offered += pieces[i].iov_len;
    const bool apart = outbox.has_bulk() && unsent_limit_.bytes() < limit_of_slow_links;
    const auto sent = send(std::span(pieces).first(count), apart ? MSG_EOR : 0);
    const bool all = sent == offered && !holds_back();
    BulkSend* through = outbox.written(sent.value_or(0), all);
    if (sent) moved = true;
    if (through != nullptr) receiver_.on_bulk_sent(*through);
    if (!all) {
      if (SegmentPacker* packer = outbox.packer()) packer->on_push_back(socket_.descriptor());
      if (writable_) arm_write();
      break;
    }
  }
  look_at_speed(outbox);
  return moved;
}

void TcpConnection::look_at_speed(TcpOutbox& outbox) {
  const std::uint64_t sent = counters_.bytes_sent - sent_then_;
  if (sent < limits_between_looks * unsent_limit_.bytes()) return;
  sent_then_ = counters_.bytes_sent;
  const auto speed = link_speed(socket_.descriptor());
  if (!speed) return;
  if (speed->confirmed) adapt_unsent_limit(outbox, *speed->confirmed);
  if (pacing_ != nullptr) adapt_pacing(*speed, sent);
  speed_then_ = *speed;
}

void TcpConnection::adapt_unsent_limit(TcpOutbox& outbox, double speed) {
  if (!unsent_limit_.on_speed(speed)) return;
  outbox.set_small_segment(unsent_limit_.segment_bytes());
  const int low_water = static_cast<int>(unsent_limit_.bytes());
  ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low_water, sizeof(low_water));
}

void TcpConnection::adapt_pacing(const LinkSpeed& speed, std::uint64_t sent) {
  const Traffic traffic = owner_.traffic();
  const Traffic before = std::exchange(traffic_then_, traffic);
  PacingRate::Look look;
  look.now = std::chrono::steady_clock::now();
  look.since = std::exchange(time_then_, look.now);
  if (speed.held_up == speed_then_.held_up && speed.sent_again == speed_then_.sent_again)
    look.confirmed = speed.confirmed;
  look.sent = sent;
  look.sent_by_all = traffic.sent - before.sent;
  look.received_by_all = traffic.received - before.received;
  pacing_->on_look(look);
  keep_pace();
}

void TcpConnection::keep_pace() {
  if (pacing_ == nullptr || pace_ == pacing_->rate()) return;
  pace_ = pacing_->rate();
  // Once it was set, the kernel goes on pacing by its own figures; so it is left alone before.
  limit_speed(socket_.descriptor(), pace_);
}

bool TcpConnection::delivered() {
  if (!open_ || !writable_) return true;
  if (holds_back()) return false;
  int unacknowledged = 0;
  if (::ioctl(socket_.descriptor(), SIOCOUTQ, &unacknowledged) != 0) return true;
  return unacknowledged == 0;
}

std::optional<std::chrono::milliseconds> TcpConnection::silence() const {
  if (!open_ || !writable_) return std::nullopt;
  return link_silence(socket_.descriptor());
}

// --- events
// ----------------------------------------------------------------------------------------------------------------

void TcpConnection::arm_read() {
  reads_without_waiting_ = 0;
  if (!open_ || read_armed_) return;
  read_armed_ = true;
  socket_.when_readable([self = shared_from_this()](const asio::error_code& error) {
    self->read_armed_ = false;
    if (error || !self->open_) return;
    ++self->counters_.wakeups;
    if (self->read()) self->owner_.on_stirred(*self);
  });
}

void TcpConnection::arm_write() {
  if (!open_ || write_armed_) return;
  write_armed_ = true;
  socket_.when_writable([self = shared_from_this()](const asio::error_code& error) {
    self->write_armed_ = false;
    if (error || !self->open_) return;
    ++self->counters_.wakeups;
    self->owner_.on_stirred(*self);
  });
}

void TcpConnection::end(bool orderly, const std::string& cause) {
  if (!open_) return;
  const bool known = said_bye_;
  close_quietly();
  if (!known) owner_.on_connection_end(*this, orderly, cause);
}

void TcpConnection::close_quietly() {
  open_ = false;
  payload_left_ = 0;
  place_ = nullptr;
  socket_.close();
}

}  // namespace prun::transport
