#include "runtime/p2p/endpoint.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>
#include <utility>

#include "runtime/core/memory_of_machine.hpp"

namespace prun::p2p {
namespace {

using core::Failure;
using core::Result;
using core::Status;
using wire::Frame;
using wire::FrameKind;

std::string counted(std::uint64_t count, const Datatype& type) {
  return std::to_string(count) + " x " + to_string(type);
}

// Answers to a peer after which its reading is looked at: 16 KiB of them.
constexpr std::uint32_t answers_between_looks = 1024;

Frame control(FrameKind kind) {
  Frame frame;
  frame.kind = kind;
  return frame;
}

Failure lie(const std::string& what) {
  return {Errc::bad_data, what};
}

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

// --- sending
// -------------------------------------------------------------------------------------------------------------

void Endpoint::start_send(SendOperation& operation, WorldRank rank, std::uint32_t context,
                          std::int32_t tag, const detail::SendBuffer& buffer, bool synchronous) {
  PRUN_ASSERT(operation.state_ == SendOperation::State::idle);
  operation.envelope_ = {context, tag, buffer.count, buffer.type};
  operation.synchronous_ = synchronous;
  operation.bulk_.peer = rank;
  operation.bulk_.payload = {buffer.data, buffer.bytes()};
  ++sends_under_way_;
  Peer& to = peer(rank);
  if (const Failure* why = refusal(to, context)) {
    finish_send(operation, *why);
  } else if (!to.stalled.empty()) {
    operation.state_ = SendOperation::State::stalled;
    to.stalled.push_back(operation);
  } else {
    dispatch(operation, to);
  }
  if (to.away && !operation.done()) orphan(operation, *to.away);
}

void Endpoint::dispatch(SendOperation& operation, Peer& to) {
  if (to.envelopes == 0) {
    operation.state_ = SendOperation::State::stalled;
    to.stalled.push_back(operation);
    if (!to.said_stalled) {
      to.said_stalled = true;
      send_control(to, control(FrameKind::stalled));
    }
    return;
  }
  --to.envelopes;
  const std::size_t bytes = operation.bulk_.payload.size();
  Frame frame;
  frame.envelope = operation.envelope_;
  if (!operation.synchronous_ && bytes <= limits_.eager_bytes && bytes <= to.eager_bytes) {
    to.eager_bytes -= bytes;
    frame.kind = FrameKind::eager;
    send(to, frame, operation.bulk_.payload);
    finish_send(operation);
    return;
  }
  operation.state_ = SendOperation::State::announced;
  operation.bulk_.send_id = to.next_send_id++;
  to.rendezvous.emplace(operation.bulk_.send_id, &operation);
  frame.kind = FrameKind::rts;
  frame.flag = operation.synchronous_;
  frame.send_id = operation.bulk_.send_id;
  send(to, frame);
}

void Endpoint::dispatch_stalled(Peer& to) {
  while (to.envelopes > 0 && !to.stalled.empty()) dispatch(*to.stalled.pop_front(), to);
  if (!to.stalled.empty() && !to.said_stalled) {
    to.said_stalled = true;
    send_control(to, control(FrameKind::stalled));
  }
}

void Endpoint::finish_send(SendOperation& operation, std::optional<Failure> failure) {
  operation.state_ = SendOperation::State::finished;
  --sends_under_way_;
  complete(operation, std::move(failure));
}

Status Endpoint::on_cts(Peer& from, const Frame& frame) {
  const auto found = from.rendezvous.find(frame.send_id);
  if (found == from.rendezvous.end() || found->second->state_ != SendOperation::State::announced) {
    return lie("asked for a message that was not offered");
  }
  SendOperation& operation = *found->second;
  if (frame.flag || operation.bulk_.payload.empty()) {
    from.rendezvous.erase(found);
    finish_send(operation);
  } else {
    operation.state_ = SendOperation::State::streaming;
    ++from.frames_sent;
    from.transport->send_bulk(operation.bulk_);
  }
  return core::Done{};
}

void Endpoint::on_bulk_sent(transport::BulkSend& bulk) {
  Peer& to = peer(bulk.peer);
  const auto found = to.rendezvous.find(bulk.send_id);
  PRUN_ASSERT(found != to.rendezvous.end());
  SendOperation& operation = *found->second;
  to.rendezvous.erase(found);
  finish_send(operation);
}

Status Endpoint::on_credit(Peer& from, const Frame& frame) {
  if (frame.envelopes > std::numeric_limits<std::uint32_t>::max() - from.envelopes ||
      frame.credit_bytes > std::numeric_limits<std::uint64_t>::max() - from.eager_bytes) {
    return lie("granted more room than can be counted");
  }
  from.envelopes += frame.envelopes;
  from.eager_bytes += frame.credit_bytes;
  from.said_stalled = false;
  dispatch_stalled(from);
  return core::Done{};
}

void Endpoint::withdraw(SendOperation& operation) {
  Peer& to = peer(operation.peer());
  DetachedSend& detached = detached_.emplace_back(*this);
  SendOperation& heir = detached.operation;
  const std::span<const std::byte> payload = operation.bulk_.payload;
  const bool streaming = operation.state_ == SendOperation::State::streaming;
  if (streaming) to.transport->forget_bulk(operation.bulk_);
  detached.payload.assign(payload.begin(), payload.end());
  heir.envelope_ = operation.envelope_;
  heir.synchronous_ = operation.synchronous_;
  heir.orphaned_ = true;
  heir.state_ = operation.state_;
  heir.bulk_.peer = operation.bulk_.peer;
  heir.bulk_.send_id = operation.bulk_.send_id;
  heir.bulk_.payload = detached.payload;
  heir.bulk_.sent = operation.bulk_.sent;
  if (operation.state_ == SendOperation::State::stalled) {
    core::IntrusiveList<SendOperation, StalledTag>::replace(operation, heir);
  } else {
    to.rendezvous[heir.bulk_.send_id] = &heir;
  }
  operation.state_ = SendOperation::State::finished;
  if (!streaming) return;
  if (heir.bulk_.sent < heir.bulk_.payload.size()) {
    to.transport->send_bulk(heir.bulk_);
  } else {
    to.rendezvous.erase(heir.bulk_.send_id);
    finish_send(heir);
  }
}

// --- receiving
// -----------------------------------------------------------------------------------------------------------

void Endpoint::start_recv(RecvOperation& operation, const match::Pattern& pattern,
                          const detail::RecvBuffer& buffer, std::span<const WorldRank> members) {
  operation.pattern = pattern;
  operation.buffer_ = buffer;
  operation.members_ = members;
  if (match::Unexpected* message = matcher_.find(pattern)) {
    deliver(static_cast<UnexpectedMessage&>(*message), operation);
    return;
  }
  if (auto failure = hopeless(pattern, members)) {
    complete(operation, std::move(failure));
    return;
  }
  matcher_.post(operation);
  if (pattern.source != match::any) {
    grant_if_stalled(peer(pattern.source));
  } else {
    for (auto& [rank, from] : peers_) grant_if_stalled(*from);
  }
}

const UnexpectedMessage* Endpoint::probe(const match::Pattern& pattern) {
  const match::Unexpected* message = matcher_.find(pattern);
  if (message == nullptr) {
    for (auto& [rank, from] : peers_) {
      if (pattern.source == match::any || pattern.source == rank) grant_if_stalled(*from);
    }
  }
  return static_cast<const UnexpectedMessage*>(message);
}

bool Endpoint::cancel(RecvOperation& operation) {
  if (!operation.posted()) return false;
  matcher_.remove(operation);
  complete(operation, Failure{Errc::cancelled, "the receive was cancelled"});
  return true;
}

// Marks the operation as matched and finds out where the payload goes, or why it cannot.
std::optional<Failure> Endpoint::place_for(RecvOperation& operation, WorldRank source,
                                           const wire::Envelope& envelope) {
  operation.matched_ = true;
  operation.source_ = source;
  operation.envelope_ = envelope;
  detail::RecvBuffer& buffer = operation.buffer_;
  const auto refused = [&](Errc code, const std::string& takes) {
    return Failure{code,
                   name_(source) + " sent " + counted(envelope.count, envelope.type) +
                       " with tag " + std::to_string(envelope.tag) + ", this receive " + takes,
                   source};
  };
  if (envelope.type != buffer.type) {
    if (envelope.type.size == buffer.type.size && envelope.type.kind == buffer.type.kind) {
      return refused(Errc::type_mismatch, "takes a " + to_string(buffer.type) + " of another name");
    }
    return refused(Errc::type_mismatch, "takes " + to_string(buffer.type));
  }
  if (buffer.grow != nullptr) {
    // The system would give it, and end some process when it is written to.
    if (envelope.bytes() > core::memory_of_machine())
      return refused(Errc::resource, "has no memory for them");
    try {
      buffer.data = buffer.grow(buffer.owner, static_cast<std::size_t>(envelope.count));
    } catch (const std::exception& cause) {
      return refused(Errc::resource, std::string("has no memory for them: ") + cause.what());
    }
    buffer.count = static_cast<std::size_t>(envelope.count);
  } else if (buffer.exact && envelope.count != buffer.count) {
    return refused(Errc::truncated, "takes exactly " + std::to_string(buffer.count));
  } else if (envelope.count > buffer.count) {
    return refused(Errc::truncated, "has room for " + std::to_string(buffer.count));
  }
  return std::nullopt;
}

UnexpectedMessage& Endpoint::keep(const match::Label& label, const wire::Envelope& envelope) {
  UnexpectedMessage& message = unexpected_.emplace_back();
  message.self = std::prev(unexpected_.end());
  message.label = label;
  message.envelope = envelope;
  matcher_.add(message);
  ++peer(label.source).unexpected;
  return message;
}

void Endpoint::erase(UnexpectedMessage& message) {
  if (message.waiting()) matcher_.remove(message);
  if (!message.eager) taken_in_bytes_ -= message.payload.size();
  --peer(message.label.source).unexpected;
  unexpected_.erase(message.self);
}

// A queued message has met its receive.
void Endpoint::deliver(UnexpectedMessage& message, RecvOperation& operation) {
  matcher_.remove(message);
  Peer& from = peer(message.label.source);
  auto failure = place_for(operation, from.rank, message.envelope);
  switch (message.where) {
    case UnexpectedMessage::Payload::at_sender: {
      const std::uint64_t send_id = message.send_id;
      const std::uint64_t bytes = message.envelope.bytes();
      if (!message.synchronous) --untaken_;
      erase(message);
      give_back_credit(from, 0);
      if (failure || bytes == 0) {
        answer_rts(from, send_id, failure.has_value());
        complete(operation, std::move(failure));
      } else {
        operation.streaming_ = true;
        operation.incoming_id_ = send_id;
        accept_rendezvous(from, send_id, {&operation, nullptr, operation.buffer_.data, bytes, 0});
      }
      break;
    }
    case UnexpectedMessage::Payload::on_its_way:
      if (failure) {
        message.unwanted = true;
        complete(operation, std::move(failure));
      } else {
        message.claimed_by = &operation;
        operation.claimed_ = &message;
      }
      break;
    case UnexpectedMessage::Payload::here:
      if (failure) {
        drop(message);
        complete(operation, std::move(failure));
      } else {
        hand_over(message, operation);
      }
      break;
  }
}

void Endpoint::hand_over(UnexpectedMessage& message, RecvOperation& operation) {
  if (!message.payload.empty())
    std::memcpy(operation.buffer_.data, message.payload.data(), message.payload.size());
  peer(message.label.source).bytes_copied += message.payload.size();
  operation.claimed_ = nullptr;
  drop(message);
  complete(operation);
}

// The message needs no memory any more: its sender may send others.
void Endpoint::drop(UnexpectedMessage& message) {
  Peer& from = peer(message.label.source);
  const std::uint64_t eager_bytes = message.eager ? message.payload.size() : 0;
  erase(message);
  give_back_credit(from, eager_bytes);
}

void Endpoint::payload_is_here(UnexpectedMessage& message) {
  message.where = UnexpectedMessage::Payload::here;
  if (message.claimed_by != nullptr) {
    hand_over(message, *message.claimed_by);
  } else if (message.unwanted) {
    drop(message);
  }
}

void Endpoint::accept_rendezvous(Peer& from, std::uint64_t send_id, const Incoming& incoming) {
  from.incoming.emplace(send_id, incoming);
  answer_rts(from, send_id, false);
}

void Endpoint::answer_rts(Peer& from, std::uint64_t send_id, bool refused) {
  Frame frame = control(FrameKind::cts);
  frame.flag = refused;
  frame.send_id = send_id;
  send_control(from, frame);
}

void Endpoint::give_back_credit(Peer& from, std::uint64_t eager_bytes) {
  if (from.gone) return;
  ++from.envelopes_used;
  from.eager_bytes_used += eager_bytes;
  if (from.envelopes_used >= limits_.envelopes_per_peer / 2 ||
      from.eager_bytes_used >= limits_.eager_bytes_per_peer / 8) {
    send_credit(from, 0);
  }
}

void Endpoint::send_credit(Peer& to, std::uint32_t more_envelopes) {
  Frame frame = control(FrameKind::credit);
  frame.envelopes = to.envelopes_used + more_envelopes;
  frame.credit_bytes = to.eager_bytes_used;
  to.envelope_room += frame.envelopes;
  to.eager_room += frame.credit_bytes;
  to.envelopes_used = 0;
  to.eager_bytes_used = 0;
  to.is_stalled = false;
  send_control(to, frame);
}

void Endpoint::grant_if_stalled(Peer& from) {
  if (from.is_stalled && !from.gone) send_credit(from, limits_.envelopes_per_peer / 4);
}

Status Endpoint::take_envelope(Peer& from, const wire::Envelope& envelope, bool eager) {
  if (from.envelope_room == 0 || (eager && envelope.bytes() > from.eager_room)) {
    return lie("sent more than it was given room for");
  }
  if (from.unexpected >= limits_.unexpected_per_peer) {
    return lie("has " + std::to_string(from.unexpected) +
               " messages waiting here that nobody receives");
  }
  if (envelope.bytes() > static_cast<std::uint64_t>(SIZE_MAX) / 2) {
    return lie("sent a message too large for this machine's memory");
  }
  --from.envelope_room;
  if (eager) from.eager_room -= envelope.bytes();
  return core::Done{};
}

Result<std::byte*> Endpoint::begin_eager(Peer& from, const Frame& frame) {
  const wire::Envelope& envelope = frame.envelope;
  if (auto taken = take_envelope(from, envelope, true); !taken) return taken.failure();
  const match::Label label{envelope.context, from.rank, envelope.tag};
  from.arriving = {};
  if (match::Posted* posted = matcher_.take_posted(label)) {
    RecvOperation& operation = static_cast<RecvOperation&>(*posted);
    from.arriving.receive = &operation;
    from.arriving.failure = place_for(operation, from.rank, envelope);
    operation.arriving_ = true;
    return from.arriving.failure ? nullptr : operation.buffer_.data;
  }
  if (retired_contexts_.contains(envelope.context)) return static_cast<std::byte*>(nullptr);
  UnexpectedMessage& message = keep(label, envelope);
  message.eager = true;
  message.payload.resize(static_cast<std::size_t>(envelope.bytes()));
  from.arriving.message = &message;
  return message.payload.data();
}

void Endpoint::end_eager(Peer& from) {
  Arriving arriving = std::exchange(from.arriving, Arriving{});
  if (arriving.message != nullptr) {
    payload_is_here(*arriving.message);
    return;
  }
  if (arriving.receive != nullptr) {
    arriving.receive->arriving_ = false;
    complete(*arriving.receive, std::move(arriving.failure));
  }
}

Status Endpoint::on_rts(Peer& from, const Frame& frame) {
  const wire::Envelope& envelope = frame.envelope;
  if (auto taken = take_envelope(from, envelope, false); !taken) return taken;
  if (frame.send_id <= from.last_offer) return lie("offered two messages under one number");
  from.last_offer = frame.send_id;
  const match::Label label{envelope.context, from.rank, envelope.tag};
  if (match::Posted* posted = matcher_.take_posted(label)) {
    RecvOperation& operation = static_cast<RecvOperation&>(*posted);
    auto failure = place_for(operation, from.rank, envelope);
    give_back_credit(from, 0);
    if (failure || envelope.bytes() == 0) {
      answer_rts(from, frame.send_id, failure.has_value());
      complete(operation, std::move(failure));
    } else {
      operation.streaming_ = true;
      operation.incoming_id_ = frame.send_id;
      accept_rendezvous(from, frame.send_id,
                        {&operation, nullptr, operation.buffer_.data, envelope.bytes(), 0});
    }
    return core::Done{};
  }
  if (retired_contexts_.contains(envelope.context)) {
    give_back_credit(from, 0);
    answer_rts(from, frame.send_id, true);
    return core::Done{};
  }
  UnexpectedMessage& message = keep(label, envelope);
  message.where = UnexpectedMessage::Payload::at_sender;
  message.synchronous = frame.flag;
  message.send_id = frame.send_id;
  if (!message.synchronous) ++untaken_;
  return core::Done{};
}

bool Endpoint::take_in_unexpected() {
  UnexpectedMessage* chosen = nullptr;
  matcher_.each_unexpected([&](match::Unexpected& item) {
    auto& message = static_cast<UnexpectedMessage&>(item);
    if (chosen == nullptr && message.where == UnexpectedMessage::Payload::at_sender &&
        !message.synchronous &&
        message.envelope.bytes() <= limits_.unexpected_bytes - taken_in_bytes_) {
      chosen = &message;
    }
  });
  if (chosen == nullptr) return false;
  try {
    chosen->payload.resize(static_cast<std::size_t>(chosen->envelope.bytes()));
  } catch (const std::exception&) {
    return false;  // it stays at its sender: only the receive itself can take it
  }
  --untaken_;
  taken_in_bytes_ += chosen->payload.size();
  chosen->where = UnexpectedMessage::Payload::on_its_way;
  Peer& from = peer(chosen->label.source);
  if (chosen->payload.empty()) {
    answer_rts(from, chosen->send_id, false);
    payload_is_here(*chosen);
  } else {
    accept_rendezvous(from, chosen->send_id,
                      {nullptr, chosen, chosen->payload.data(), chosen->payload.size(), 0});
  }
  return true;
}

Status Endpoint::end_segment(Peer& from, const Frame& frame) {
  const auto found = from.incoming.find(frame.send_id);
  PRUN_ASSERT(found != from.incoming.end());
  from.arriving_segment.reset();
  Incoming& incoming = found->second;
  incoming.received += frame.length;
  if (incoming.received < incoming.total) return core::Done{};
  ++from.frames_received;
  const Incoming ended = incoming;
  from.incoming.erase(found);
  if (ended.receive != nullptr) {
    ended.receive->streaming_ = false;
    complete(*ended.receive);
  } else if (ended.message != nullptr) {
    payload_is_here(*ended.message);
  }
  return core::Done{};
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

void Endpoint::withdraw(RecvOperation& operation) {
  if (operation.posted()) {
    matcher_.remove(operation);
  } else if (operation.claimed_ != nullptr) {
    operation.claimed_->claimed_by = nullptr;
    operation.claimed_->unwanted = true;
  } else if (operation.arriving_) {
    Peer& from = peer(operation.source_);
    from.arriving.receive = nullptr;
    from.transport->discard_arriving(from.rank);
  } else if (operation.streaming_) {
    Peer& from = peer(operation.source_);
    Incoming& incoming = from.incoming.at(operation.incoming_id_);
    incoming.receive = nullptr;
    incoming.place = nullptr;
    // The frame under way may be another message's.
    if (from.arriving_segment == operation.incoming_id_)
      from.transport->discard_arriving(from.rank);
  }
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
