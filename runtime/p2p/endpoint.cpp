#include "runtime/p2p/endpoint.hpp"

#include <exception>
#include <utility>

#include "runtime/p2p/frames.hpp"

namespace prun::p2p {
namespace {

using core::Failure;
using core::Result;
using core::Status;
using wire::Frame;
using wire::FrameKind;

// Answers to a peer after which its reading is looked at: 16 KiB of them.
constexpr std::uint32_t answers_between_looks = 1024;

}  // namespace

// --- operations
// ------------------------------------------------------------------------------------------------------

Operation::~Operation() {
  clear_waiter();
}

void Operation::clear_waiter() {
  if (waiter_) endpoint_.forget_waiter(*this);
  waiter_ = nullptr;
}

SendOperation::~SendOperation() {
  if (state_ != State::idle && state_ != State::finished) endpoint_.withdraw(*this);
}

RecvOperation::~RecvOperation() {
  if (!done()) endpoint_.withdraw(*this);
}

// --- life
// --------------------------------------------------------------------------------------------------------------

Endpoint::Endpoint(Limits limits, Route route, GoneHandler on_gone, Namer name)
    : limits_(limits),
      route_(std::move(route)),
      on_gone_(std::move(on_gone)),
      name_(std::move(name)) {}

Endpoint::~Endpoint() {
  // Detached sends are nobody's but ours: they end with us.
  for (auto& [rank, peer] : peers_) {
    if (!peer->gone) fail_peer(rank, Failure{Errc::cancelled, "the communication has ended"});
  }
  detached_.clear();
  while (!unexpected_.empty()) {
    UnexpectedMessage& message = unexpected_.front();
    if (message.waiting()) matcher_.remove(message);
    unexpected_.pop_front();
  }
}

Endpoint::Peer& Endpoint::peer(WorldRank rank) {
  std::unique_ptr<Peer>& slot = peers_[rank];
  if (!slot) {
    slot = std::make_unique<Peer>();
    slot->rank = rank;
    slot->transport = &route_(rank);
    slot->envelopes = limits_.envelopes_per_peer;
    slot->eager_bytes = limits_.eager_bytes_per_peer;
    slot->envelope_room = limits_.envelopes_per_peer;
    slot->eager_room = limits_.eager_bytes_per_peer;
  }
  return *slot;
}

std::uint64_t Endpoint::bytes_copied(WorldRank rank) const {
  const auto found = peers_.find(rank);
  return found == peers_.end() ? 0 : found->second->bytes_copied;
}

void Endpoint::complete(Operation& operation, std::optional<Failure> failure) {
  PRUN_ASSERT(!operation.done_);
  operation.done_ = true;
  operation.failure_ = std::move(failure);
  if (operation.waiter_) ready_.push_back(operation.waiter_);
}

bool Endpoint::run_ready() {
  if (!detached_.empty()) {
    detached_.remove_if([](const DetachedSend& send) { return send.operation.done(); });
  }
  bool resumed = resume_flushed();
  while (!ready_.empty()) {
    const std::coroutine_handle<> waiter = ready_.front();
    ready_.pop_front();
    waiter.resume();
    resumed = true;
  }
  return resumed;
}

bool Endpoint::resume_flushed() {
  bool resumed = false;
  // Who is resumed may make others wait, or stop them: so from the front again each time.
  for (FlushWaiter* next = unflushed_.front(); next != nullptr;) {
    if (!flushed(next->peer)) {
      next = unflushed_.next(*next);
      continue;
    }
    next->forget();
    next->waiter.resume();
    resumed = true;
    next = unflushed_.front();
  }
  return resumed;
}

void Endpoint::forget_waiter(Operation& operation) {
  if (!operation.done_) return;
  ready_.erase(std::remove(ready_.begin(), ready_.end(), operation.waiter_), ready_.end());
}

Result<std::byte*> Endpoint::on_frame_begin(WorldRank rank, const Frame& frame) {
  Peer& from = peer(rank);
  if (frame.kind == FrameKind::eager) {
    try {
      return begin_eager(from, frame);
    } catch (const std::exception& cause) {
      return Failure{Errc::resource,
                     std::string("sent a message this rank has no memory for: ") + cause.what()};
    }
  }
  if (frame.kind == FrameKind::data) {
    const auto found = from.incoming.find(frame.send_id);
    if (found == from.incoming.end()) return lie("sent a payload nobody asked for");
    const Incoming& incoming = found->second;
    if (frame.length > incoming.total - incoming.received)
      return lie("sent more of a payload than it announced");
    from.arriving_segment = frame.send_id;
    return incoming.place == nullptr ? nullptr : incoming.place + incoming.received;
  }
  return static_cast<std::byte*>(nullptr);
}

Status Endpoint::on_frame_end(WorldRank rank, const Frame& frame) {
  Peer& from = peer(rank);
  if (frame.kind != FrameKind::data) ++from.frames_received;
  auto handled = handle(from, frame);
  if (!handled || from.answers < answers_between_looks) return handled;
  from.answers = 0;
  if (from.transport->frame_bytes_waiting(rank) <= limits_.unread_bytes) return handled;
  return lie("goes on sending and does not read what it is answered");
}

Status Endpoint::handle(Peer& from, const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::eager: {
      const bool kept = from.arriving.message != nullptr;
      end_eager(from);
      if (!kept) give_back_credit(from, frame.envelope.bytes());
      return core::Done{};
    }
    case FrameKind::rts:
      return on_rts(from, frame);
    case FrameKind::cts:
      return on_cts(from, frame);
    case FrameKind::data:
      return end_segment(from, frame);
    case FrameKind::credit:
      return on_credit(from, frame);
    case FrameKind::stalled:
      from.is_stalled = true;
      if (matcher_.anyone_waits_for(from.rank)) grant_if_stalled(from);
      return core::Done{};
    case FrameKind::eager_again:
    case FrameKind::lz4_data:
    case FrameKind::bye:
      break;  // the transport's own
  }
  return lie("sent a frame that has no place here");
}

// --- peers that go
// --------------------------------------------------------------------------------------------------------

void Endpoint::on_peer_gone(WorldRank rank, bool orderly, const std::string& cause) {
  on_gone_(rank, orderly, cause);
}

bool Endpoint::peer_gone(WorldRank rank) const {
  const auto found = peers_.find(rank);
  return found != peers_.end() && found->second->gone.has_value();
}

void Endpoint::peer_finished(WorldRank rank) {
  fail_peer(rank, {Errc::peer_finished, name_(rank) + " has finished and left the job", rank});
}

void Endpoint::peer_lost(WorldRank rank, const std::string& cause) {
  fail_peer(rank, {Errc::peer_lost, name_(rank) + " " + cause, rank});
}

void Endpoint::fail_peer(WorldRank rank, const Failure& failure) {
  Peer& lost = peer(rank);
  if (lost.gone) return;
  lost.gone = failure;
  if (!std::exchange(lost.away, std::nullopt)) ++troubled_;
  while (SendOperation* operation = lost.stalled.pop_front()) finish_send(*operation, failure);
  for (auto& [id, operation] : std::exchange(lost.rendezvous, {})) {
    if (operation->state_ == SendOperation::State::streaming)
      lost.transport->forget_bulk(operation->bulk_);
    finish_send(*operation, failure);
  }
  if (lost.arriving.receive != nullptr) {
    lost.transport->discard_arriving(rank);
    lost.arriving.receive->arriving_ = false;
    complete(*std::exchange(lost.arriving.receive, nullptr), failure);
  }
  bool redirected = false;
  for (auto& [id, incoming] : lost.incoming) {
    incoming.place = nullptr;
    incoming.message = nullptr;
    redirected = true;
    if (incoming.receive != nullptr) {
      incoming.receive->streaming_ = false;
      complete(*std::exchange(incoming.receive, nullptr), failure);
    }
  }
  if (redirected) lost.transport->discard_arriving(rank);
  // Messages that are not whole will never be; whole ones can still be received.
  for (auto next = unexpected_.begin(); next != unexpected_.end();) {
    UnexpectedMessage& message = *next++;
    if (message.label.source != rank || message.where == UnexpectedMessage::Payload::here) continue;
    if (message.where == UnexpectedMessage::Payload::at_sender && !message.synchronous) --untaken_;
    if (lost.arriving.message == &message) {
      lost.arriving.message = nullptr;
      lost.transport->discard_arriving(rank);
    }
    if (message.claimed_by != nullptr) {
      message.claimed_by->claimed_ = nullptr;
      complete(*message.claimed_by, failure);
    }
    erase(message);
  }
  fail_hopeless();
  lost.transport->abandon(rank);
}

void Endpoint::retire_context(std::uint32_t context) {
  retired_contexts_.insert(context);
  matcher_.erase_context(context, [this](match::Unexpected& item) {
    auto& message = static_cast<UnexpectedMessage&>(item);
    Peer& from = peer(message.label.source);
    switch (message.where) {
      case UnexpectedMessage::Payload::at_sender: {
        const std::uint64_t send_id = message.send_id;
        if (!message.synchronous) --untaken_;
        drop(message);
        if (!from.gone) answer_rts(from, send_id, true);
        break;
      }
      case UnexpectedMessage::Payload::on_its_way:
        message.unwanted = true;
        break;
      case UnexpectedMessage::Payload::here:
        drop(message);
        break;
    }
  });
}

}  // namespace prun::p2p
