// Receives and probes: what has come before they were posted, and what comes for them.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "runtime/core/memory_of_machine.hpp"
#include "runtime/p2p/endpoint.hpp"
#include "runtime/p2p/frames.hpp"

namespace prun::p2p {
namespace {

using core::Failure;
using core::Result;
using core::Status;
using wire::Frame;
using wire::FrameKind;

}  // namespace

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

}  // namespace prun::p2p
