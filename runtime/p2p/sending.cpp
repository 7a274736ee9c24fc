// Sends: at once where the peer has room, else when it asks for the message.
#include <limits>
#include <utility>

#include "runtime/p2p/endpoint.hpp"
#include "runtime/p2p/frames.hpp"

namespace prun::p2p {
namespace {

using core::Failure;
using core::Status;
using wire::Frame;
using wire::FrameKind;

}  // namespace

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

}  // namespace prun::p2p
