#include "runtime/transport/shm/shm_outgoing.hpp"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::transport::shm {
namespace {

// A payload longer than a record of this size is read by the receiver while it is written.
constexpr std::size_t piece_bytes = 4096 - mark_bytes;

// A segment where the payload is copied through the ring.
constexpr std::size_t copied_segment_bytes = (8u << 10) - mark_bytes - 16;

// What the receiver fetches as one segment: a small frame that comes behind it waits for 50 us or
// so. Smaller ones are not worth the system call.
constexpr std::size_t largest_offer = wire::max_data_segment_bytes;
constexpr std::size_t smallest_offer = 4u << 10;
// While less is on offer, more is offered: the receiver need not wait for it between messages.
constexpr std::size_t offered_ahead = 1u << 20;

}  // namespace

Outgoing::Outgoing(Window window, std::uint32_t ring_bytes, std::byte* peer_page, bool single_copy,
                   std::function<bool()> lives)
    : window_(std::move(window)),
      pair_(window_.data()),
      peer_page_(peer_page),
      single_copy_(single_copy),
      lives_(std::move(lives)),
      ring_(pair_, ring_bytes) {}

// --- frames
// ----------------------------------------------------------------------------------------------------------------

wire::EncodedHeader Outgoing::encode(const wire::Frame& frame) {
  const wire::EncodedHeader header = wire::encode_header(frame, previous_ ? &*previous_ : nullptr);
  if (frame.kind == wire::FrameKind::eager) previous_ = frame.envelope;
  ++counters_.frames_sent;
  counters_.messages_sent += wire::begins_message(frame.kind);
  counters_.bytes_sent += header.view().size();
  return header;
}

void Outgoing::put(std::byte* at, std::span<const std::byte> payload) {
  if (payload.empty()) return;
  std::memcpy(at, payload.data(), payload.size());
  counters_.bytes_copied += payload.size();
  counters_.bytes_sent += payload.size();
}

// How much of it went into the ring, as records behind the one with the header.
std::size_t Outgoing::write_payload(std::span<const std::byte> payload) {
  std::size_t sent = 0;
  while (sent < payload.size()) {
    const std::size_t count = std::min({payload.size() - sent, piece_bytes, ring_.most_content()});
    std::byte* at = ring_.begin(count);
    if (at == nullptr) break;
    put(at, payload.subspan(sent, count));
    ring_.publish(RecordKind::more, count);
    shown_ = true;
    sent += count;
  }
  return sent;
}

void Outgoing::send(const wire::Frame& frame, std::span<const std::byte> payload) {
  const wire::EncodedHeader encoded = encode(frame);
  const auto header = encoded.view();
  std::size_t sent = 0;
  bool begun = false;
  if (queue_.empty()) {
    const std::size_t first = std::min(payload.size(), piece_bytes - header.size());
    if (std::byte* at = ring_.begin(header.size() + first)) {
      std::memcpy(at, header.data(), header.size());
      put(at + header.size(), payload.first(first));
      ring_.publish(RecordKind::frame, header.size() + first);
      shown_ = true;
      begun = true;
      sent = first + (first < payload.size() ? write_payload(payload.subspan(first)) : 0);
      if (sent == payload.size()) return;
    }
  }
  Queued& rest = queue_.emplace_back();
  if (!begun) rest.header.assign(header.begin(), header.end());
  rest.payload.assign(payload.begin() + static_cast<std::ptrdiff_t>(sent), payload.end());
  rest.bytes = rest.header.size() + rest.payload.size();
  queue_bytes_ += rest.bytes;
  counters_.bytes_copied += rest.payload.size();
}

bool Outgoing::write(Queued& frame) {
  const auto payload = std::span<const std::byte>(frame.payload).subspan(frame.sent);
  std::size_t first = 0;
  if (!frame.header.empty()) {
    first = std::min(payload.size(), piece_bytes - frame.header.size());
    std::byte* at = ring_.begin(frame.header.size() + first);
    if (at == nullptr) return false;
    std::memcpy(at, frame.header.data(), frame.header.size());
    put(at + frame.header.size(), payload.first(first));
    ring_.publish(RecordKind::frame, frame.header.size() + first);
    shown_ = true;
    frame.header.clear();
  }
  frame.sent += first + write_payload(payload.subspan(first));
  return frame.sent == frame.payload.size();
}

bool Outgoing::flush_queue() {
  bool moved = false;
  while (!queue_.empty()) {
    Queued& frame = queue_.front();
    const std::size_t before = frame.sent;
    const bool whole = write(frame);
    moved |= whole || frame.sent != before;
    if (!whole) break;
    queue_bytes_ -= frame.bytes;
    queue_.pop_front();
  }
  return moved;
}

// --- large payloads
// --------------------------------------------------------------------------------------------------------

void Outgoing::add_bulk(BulkSend& bulk) {
  bulks_.push_back(bulk);
  if (posting_ == nullptr) {
    posting_ = &bulk;
    posted_ = bulk.sent;
  }
  // Nothing is reported from here: what is copied through the ring waits for flush.
  while (posting_ != nullptr && may_offer() &&
         offer(posting_->payload.subspan(posted_), *posting_)) {
  }
}

void Outgoing::next_bulk() {
  posting_ = bulks_.next(*posting_);
  posted_ = posting_ == nullptr ? 0 : posting_->sent;
}

bool Outgoing::may_offer() {
  return single_copy_ && queue_.empty() && offers_.size() < copy_slots &&
         offered_bytes_ < offered_ahead && posting_->payload.size() - posted_ >= smallest_offer &&
         word(pair_ + pair_page::reach).load(std::memory_order_relaxed) ==
             static_cast<std::uint32_t>(Reach::yes);
}

bool Outgoing::offer(std::span<const std::byte> part, BulkSend& bulk) {
  if (part.size() > largest_offer) {
    // No rest is too small for an offer of its own.
    const bool short_rest = part.size() < largest_offer + smallest_offer;
    part = part.first(largest_offer - (short_rest ? smallest_offer : 0));
  }
  std::byte* at = ring_.begin(offer_bytes);
  if (at == nullptr) return false;
  wire::Frame frame;
  frame.kind = wire::FrameKind::data;
  frame.send_id = bulk.send_id;
  frame.length = static_cast<std::uint32_t>(part.size());
  const wire::EncodedHeader header = encode(frame);
  Offer fresh;
  fresh.bulk = &bulk;
  fresh.part = part;
  while (std::any_of(offers_.begin(), offers_.end(),
                     [&](const Offer& other) { return other.slot == fresh.slot; })) {
    ++fresh.slot;
  }
  fresh.turn = next_turn_++;
  CopySlot(pair_, fresh.slot).post(fresh.turn);
  std::memcpy(at, header.view().data(), data_header_bytes);
  wire::store_little(at + data_header_bytes,
                     static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(part.data())));
  wire::store_little(at + data_header_bytes + 8, static_cast<std::uint16_t>(fresh.slot));
  wire::store_little(at + data_header_bytes + 10, static_cast<std::uint16_t>(fresh.turn));
  ring_.publish(RecordKind::remote, offer_bytes);
  shown_ = true;
  offers_.push_back(fresh);
  offered_bytes_ += part.size();
  posted_ += part.size();
  if (posted_ == bulk.payload.size()) next_bulk();
  return true;
}

// A segment through the ring, as one record. False while there is no room.
bool Outgoing::copy_segment(BulkSend& bulk) {
  auto part = bulk.payload.subspan(bulk.sent);
  part = part.first(
      std::min({part.size(), copied_segment_bytes, ring_.most_content() - data_header_bytes}));
  std::byte* at = ring_.begin(data_header_bytes + part.size());
  if (at == nullptr) return false;
  wire::Frame frame;
  frame.kind = wire::FrameKind::data;
  frame.send_id = bulk.send_id;
  frame.length = static_cast<std::uint32_t>(part.size());
  std::memcpy(at, encode(frame).view().data(), data_header_bytes);
  put(at + data_header_bytes, part);
  ring_.publish(RecordKind::frame, data_header_bytes + part.size());
  shown_ = true;
  bulk.sent += part.size();
  posted_ = bulk.sent;
  return true;
}

bool Outgoing::flush_bulks(Receiver& receiver) {
  bool moved = false;
  while (posting_ != nullptr && queue_.empty()) {
    BulkSend& bulk = *posting_;
    if (may_offer()) {
      if (!offer(bulk.payload.subspan(posted_), bulk)) break;
      moved = true;
      continue;
    }
    // Segments arrive in order: none is copied past one that is on offer.
    if (posted_ != bulk.sent || offers_.size() == copy_slots || offered_bytes_ >= offered_ahead)
      break;
    if (!copy_segment(bulk)) break;
    moved = true;
    if (bulk.sent < bulk.payload.size()) continue;
    next_bulk();
    BulkQueue::remove(bulk);
    receiver.on_bulk_sent(bulk);
  }
  return moved;
}

bool Outgoing::help(const Offer& offer) {
  if (!neighbour_) neighbour_ = Neighbour::find(peer_page_);
  if (!*neighbour_) return false;
  CopySlot slot(pair_, offer.slot);
  bool helped = false;
  const CopyPieces pieces(offer.part.size());
  while (const auto piece = slot.claim_back(offer.turn, pieces.count())) {
    const std::size_t from = pieces.begin(*piece);
    const auto bytes = offer.part.subspan(from, pieces.bytes(*piece));
    helped = true;
    if (!(*neighbour_)->write(bytes, slot.place() + from)) {
      neighbour_ = std::optional<Neighbour>();
      slot.give_up_writing();
      break;
    }
    ++counters_.writes;
    counters_.bytes_copied += bytes.size();
    slot.count_written();
  }
  if (helped) shown_ = true;  // the receiver may sleep until its helper is through
  return helped;
}

bool Outgoing::flush_offers(Receiver& receiver) {
  bool moved = false;
  while (!offers_.empty()) {
    const Offer& first = offers_.front();
    CopySlot slot(pair_, first.slot);
    if (slot.phase(first.turn) == CopySlot::Phase::open && help(first)) moved = true;
    if (slot.phase(first.turn) != CopySlot::Phase::finished) break;
    BulkSend* bulk = first.bulk;
    const std::size_t bytes = first.part.size();
    offered_bytes_ -= bytes;
    offers_.pop_front();
    counters_.bytes_sent += bytes;
    moved = true;
    if (bulk == nullptr) continue;
    bulk->sent += bytes;
    if (bulk->sent < bulk->payload.size()) continue;
    BulkQueue::remove(*bulk);
    receiver.on_bulk_sent(*bulk);
  }
  return moved;
}

bool Outgoing::flush(Receiver& receiver) {
  bool moved = flush_queue();
  if (!offers_.empty()) moved |= flush_offers(receiver);
  if (posting_ != nullptr) moved |= flush_bulks(receiver);
  return moved;
}

// Waits until the receiver has nothing to do with this part of the payload any more. It is at work
// on it at this moment, so that is soon, unless it has died.
void Outgoing::settle(const Offer& offer) {
  CopySlot slot(pair_, offer.slot);
  const std::uint32_t pieces = CopyPieces(offer.part.size()).count();
  for (;;) {
    if (slot.phase(offer.turn) == CopySlot::Phase::open) help(offer);
    if (slot.phase(offer.turn) == CopySlot::Phase::finished) return;
    if (slot.settled(offer.turn, pieces)) return;
    if (!lives_()) return;
    ::sched_yield();
  }
}

void Outgoing::forget(BulkSend& bulk) {
  if (!bulk.linked()) return;
  if (posting_ == &bulk) next_bulk();
  BulkQueue::remove(bulk);
  // The newest first: the receiver takes them in order, so none is taken behind one that is
  // withdrawn.
  for (auto offer = offers_.rbegin(); offer != offers_.rend(); ++offer) {
    if (offer->bulk != &bulk) continue;
    offer->withdrawn = CopySlot(pair_, offer->slot).withdraw(offer->turn);
  }
  for (Offer& offer : offers_) {
    if (offer.bulk != &bulk) continue;
    offer.bulk = nullptr;
    if (offer.withdrawn) continue;
    settle(offer);
    bulk.sent += offer.part.size();
  }
}

// --- life
// ------------------------------------------------------------------------------------------------------------------

bool Outgoing::ready_after_asking() {
  if (!offers_.empty()) {
    const Offer& first = offers_.front();
    const CopySlot slot(pair_, first.slot);
    if (slot.phase(first.turn) == CopySlot::Phase::finished) return true;
    if (neighbour_ && *neighbour_ &&
        slot.unclaimed(first.turn, CopyPieces(first.part.size()).count()))
      return true;
  }
  const bool full = offers_.size() == copy_slots || offered_bytes_ >= offered_ahead ||
                    (posting_ != nullptr && posted_ != posting_->sent && !may_offer());
  if (queue_.empty() && (posting_ == nullptr || full)) return false;
  ring_.want_room();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return ring_.has_room();
}

bool Outgoing::cut() const {
  return word(pair_ + pair_page::cut).load(std::memory_order_acquire) != 0;
}

void Outgoing::clear() {
  queue_.clear();
  queue_bytes_ = 0;
  posting_ = nullptr;
  for (const Offer& offer : offers_) {
    if (offer.bulk == nullptr) continue;
    if (!CopySlot(pair_, offer.slot).withdraw(offer.turn)) settle(offer);
  }
  offers_.clear();
  offered_bytes_ = 0;
  while (bulks_.pop_front() != nullptr) {
  }
}

}  // namespace prun::transport::shm
