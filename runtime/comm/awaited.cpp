#include "runtime/comm/awaited.hpp"

namespace prun::detail {

using bootstrap::AwaitedOperation;

bootstrap::SourcePlace place_of(const CallSite& at) {
  return {std::string(at.file).substr(0, bootstrap::max_place_bytes), at.line};
}

void Awaited::add(AwaitedOperation operation) {
  ++state_.operations_in_all;
  if (state_.operations.size() < bootstrap::most_told)
    state_.operations.push_back(std::move(operation));
}

void Awaited::add(const p2p::SendOperation& send, const CallSite& started) {
  AwaitedOperation operation;
  operation.kind = AwaitedOperation::Kind::send;
  operation.context = send.envelope().context;
  operation.peer = send.peer();
  operation.tag = send.envelope().tag;
  operation.count = send.envelope().count;
  operation.type = send.envelope().type;
  operation.synchronous = send.synchronous();
  operation.met = send.wanted();
  operation.started = place_of(started);
  add(std::move(operation));
}

void Awaited::add(const p2p::RecvOperation& recv, const CallSite& started) {
  AwaitedOperation operation;
  operation.kind = AwaitedOperation::Kind::recv;
  operation.context = recv.pattern.context;
  operation.peer = recv.matched() ? recv.source() : recv.pattern.source;
  operation.tag = recv.pattern.tag;
  operation.count =
      recv.buffer().grow != nullptr ? AwaitedOperation::any_count : recv.buffer().count;
  operation.type = recv.buffer().type;
  operation.met = recv.matched();
  operation.started = place_of(started);
  add(std::move(operation));
}

void Awaited::add_probe(const match::Pattern& pattern) {
  AwaitedOperation operation;
  operation.kind = AwaitedOperation::Kind::probe;
  operation.context = pattern.context;
  operation.peer = pattern.source;
  operation.tag = pattern.tag;
  add(std::move(operation));
}

void Awaited::add_flush(std::optional<transport::WorldRank> peer) {
  AwaitedOperation operation;
  operation.kind = AwaitedOperation::Kind::flush;
  operation.peer = peer.value_or(AwaitedOperation::any);
  add(std::move(operation));
}

}  // namespace prun::detail
