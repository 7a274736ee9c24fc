#include "runtime/transport/shm/shm_incoming.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/wire/codec.hpp"

namespace prun::transport::shm {

Incoming::Incoming(Window window, std::uint32_t ring_bytes, WorldRank peer, std::byte* peer_page,
                   bool single_copy, std::function<bool()> lives)
    : window_(std::move(window)),
      pair_(window_.data()),
      peer_(peer),
      lives_(std::move(lives)),
      ring_(pair_, ring_bytes) {
  if (single_copy) neighbour_ = Neighbour::find(peer_page);
  word(pair_ + pair_page::reach)
      .store(static_cast<std::uint32_t>(neighbour_ ? Reach::yes : Reach::no),
             std::memory_order_release);
}

bool Incoming::pending() const {
  if (end_) return false;
  if (copy_) {
    if (copy_->revoked) return true;
    const std::uint32_t others = CopyPieces(copy_->bytes).count() - copy_->claimed;
    return copy_->slot.written(others) != CopySlot::Written::not_yet;
  }
  return ring_.pending();
}

bool Incoming::receive(Receiver& receiver) {
  if (end_) return false;
  if (copy_) {
    if (!pending()) return false;
    finish_copy(receiver);
    return true;
  }
  const auto next = ring_.next();
  if (!next) {
    lie(next.failure().text);
    return true;
  }
  if (!next.value()) return false;
  const RingReader::Record& record = *next.value();
  switch (record.kind) {
    case RecordKind::frame:
      on_frame(record.content, receiver);
      break;
    case RecordKind::more:
      on_more(record.content, receiver);
      break;
    case RecordKind::remote:
      on_remote(record.content, receiver);
      break;
    case RecordKind::wrap:
      break;  // the ring's own
  }
  return true;
}

// The frame at the front, into frame_; the bytes of its header. Nothing if it is a lie. The header
// is copied before it is looked at, or it might change in between.
std::optional<std::size_t> Incoming::read_header(std::span<const std::byte> content) {
  if (left_ > 0) {
    lie("frame inside another");
    return std::nullopt;
  }
  if (had_eager_ && !content.empty() &&
      content[0] == static_cast<std::byte>(wire::FrameKind::eager_again)) {
    frame_ = &eager_;
    return 1;
  }
  std::array<std::byte, wire::max_header_bytes> header;
  const std::size_t count = std::min(header.size(), content.size());
  std::copy_n(content.begin(), count, header.begin());
  const auto decoded = wire::decode_header(std::span(header).first(count), nullptr);
  if (!decoded) {
    lie(decoded.failure().text);
    return std::nullopt;
  }
  if (!decoded.value()) {
    lie("data frame cut short");
    return std::nullopt;
  }
  const wire::Frame& frame = decoded.value()->frame;
  if (frame.kind == wire::FrameKind::lz4_data) {
    lie("compressed payload within a host");
    return std::nullopt;
  }
  if (frame.kind == wire::FrameKind::eager) {
    eager_ = frame;
    had_eager_ = true;
    frame_ = &eager_;
  } else {
    other_ = frame;
    frame_ = &other_;
  }
  return decoded.value()->header_bytes;
}

void Incoming::count_frame(std::size_t header_bytes) {
  ++counters_.frames_received;
  counters_.messages_received += wire::begins_message(frame_->kind);
  counters_.bytes_received += header_bytes;
}

// Asks where the payload goes. False if that was the end.
bool Incoming::begin(Receiver& receiver) {
  left_ = frame_->payload_bytes();
  const auto place = receiver.on_frame_begin(peer_, *frame_);
  if (!place) {
    break_off(place.failure().text);
    return false;
  }
  place_ = place.value();
  return !end_;
}

void Incoming::take_payload(std::span<const std::byte> bytes) {
  if (place_ != nullptr && !bytes.empty()) {
    std::memcpy(place_, bytes.data(), bytes.size());
    place_ += bytes.size();
    counters_.bytes_copied += bytes.size();
  }
  counters_.bytes_received += bytes.size();
  left_ -= bytes.size();
}

void Incoming::done(Receiver& receiver) {
  place_ = nullptr;
  const auto ended = receiver.on_frame_end(peer_, *frame_);
  if (!ended) break_off(ended.failure().text);
}

void Incoming::on_frame(std::span<const std::byte> content, Receiver& receiver) {
  const auto header = read_header(content);
  if (!header) return;
  count_frame(*header);
  if (frame_->kind == wire::FrameKind::bye) {
    end_ = End{true, {}};
    return;
  }
  if (!begin(receiver)) return;
  const auto payload = content.subspan(*header);
  if (payload.size() > left_) {
    lie("frame with more than its payload");
    return;
  }
  take_payload(payload);
  ring_.consume();
  news_ |= ring_.show_taken(false);
  if (left_ == 0) done(receiver);
}

void Incoming::on_more(std::span<const std::byte> content, Receiver& receiver) {
  if (content.empty() || content.size() > left_) {
    lie("payload that belongs to no frame");
    return;
  }
  take_payload(content);
  ring_.consume();
  news_ |= ring_.show_taken(false);
  if (left_ == 0) done(receiver);
}

// --- payloads that are fetched
// --------------------------------------------------------------------------------------------

void Incoming::on_remote(std::span<const std::byte> content, Receiver& receiver) {
  std::array<std::byte, offer_bytes> offer;
  if (content.size() != offer.size() || !neighbour_) {
    lie("offer that nobody can take");
    return;
  }
  std::copy(content.begin(), content.end(), offer.begin());
  const std::byte* tail = offer.data() + data_header_bytes;
  const auto from = wire::load_little<std::uint64_t>(tail);
  const auto index = wire::load_little<std::uint16_t>(tail + 8);
  const auto turn = wire::load_little<std::uint16_t>(tail + 10);
  if (index >= copy_slots || turn > 0xff) {
    lie("offer in no slot");
    return;
  }
  CopySlot slot(pair_, index);
  const auto use = static_cast<std::uint8_t>(turn);
  switch (slot.take(use)) {
    case CopySlot::Phase::posted:
      break;
    case CopySlot::Phase::withdrawn:
      slot.finish(use);
      news_ = true;
      ring_.consume();
      return;
    default:
      lie("offer that is none");
      return;
  }
  const auto header = read_header(std::span(offer).first(data_header_bytes));
  if (!header || frame_->kind != wire::FrameKind::data) {
    slot.finish(use);
    if (!end_) lie("offer of another kind than data");
    return;
  }
  count_frame(*header);
  if (!begin(receiver)) {
    slot.finish(use);
    return;
  }
  ring_.consume();
  copy_ = Copy{slot, use, from, static_cast<std::size_t>(left_), 0};
  if (place_ == nullptr) {
    finish_copy(receiver);
    return;
  }
  slot.open(use, static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(place_)));
  copy(receiver);
}

// One piece. False if the sender's memory cannot be read, which is the end.
bool Incoming::fetch(std::uint32_t piece) {
  const CopyPieces pieces(copy_->bytes);
  const std::size_t from = pieces.begin(piece);
  const std::size_t bytes = pieces.bytes(piece);
  const auto read = neighbour_->read({place_ + from, bytes}, copy_->from + from);
  if (read) {
    ++counters_.reads;
    counters_.bytes_copied += bytes;
    return true;
  }
  break_off(read.failure().text);
  return false;
}

void Incoming::copy(Receiver& receiver) {
  const std::uint32_t pieces = CopyPieces(copy_->bytes).count();
  while (const auto piece = copy_->slot.claim_front(copy_->turn, pieces)) {
    // The slot is the sender's to change, too: our own count is what we go by.
    if (*piece != copy_->claimed || copy_->claimed == pieces) {
      lie("claim of another's piece");
      return;
    }
    ++copy_->claimed;
    if (!fetch(*piece)) return;
    copy_->slot.count_read();
  }
  if (pending()) finish_copy(receiver);
}

// The pieces of both are copied, or what the sender could not write is left to us.
void Incoming::finish_copy(Receiver& receiver) {
  const std::uint32_t pieces = CopyPieces(copy_->bytes).count();
  if (place_ != nullptr &&
      copy_->slot.written(pieces - copy_->claimed) == CopySlot::Written::gave_up) {
    for (std::uint32_t piece = copy_->claimed; piece < pieces; ++piece) {
      if (!fetch(piece)) return;
    }
  }
  if (!copy_->revoked) copy_->slot.finish(copy_->turn);
  counters_.bytes_received += copy_->bytes;
  copy_.reset();
  ring_.show_taken(false);
  news_ = true;
  left_ = 0;
  done(receiver);
}

// Takes the place back from the sender, which may be writing pieces that it has claimed: a moment,
// unless it has died.
void Incoming::revoke() {
  const std::uint32_t others = copy_->slot.close(copy_->turn);
  copy_->revoked = true;
  while (copy_->slot.written(others) == CopySlot::Written::not_yet && lives_()) ::sched_yield();
  copy_->slot.finish(copy_->turn);
  news_ = true;
}

void Incoming::discard() {
  if (place_ == nullptr) return;
  if (copy_ && !copy_->revoked) revoke();
  place_ = nullptr;
}

// --- the end
// ---------------------------------------------------------------------------------------------------------------

void Incoming::lie(const std::string& what) {
  break_off("sent what no rank sends: " + what);
}

void Incoming::break_off(const std::string& cause) {
  if (end_) return;
  discard();
  copy_.reset();
  left_ = 0;
  end_ = End{false, cause};
}

void Incoming::cut() {
  discard();
  copy_.reset();
  word(pair_ + pair_page::cut).store(1, std::memory_order_release);
  if (!end_) end_ = End{false, {}};
}

}  // namespace prun::transport::shm
