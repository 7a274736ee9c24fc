// The untyped point-to-point calls behind the templates of Communicator.
#include <prun/communicator.hpp>

#include "runtime/comm/pending.hpp"

namespace prun {
namespace {

// Who a call that blocks may hear from. One with a deadline ends in any case.
std::span<const transport::WorldRank> sources_of(const detail::CommState& comm,
                                                 const Deadline& deadline) {
  return deadline.at() ? comm.sources() : comm.sources_of_waiting();
}

}  // namespace
}  // namespace prun

namespace prun::detail {

void no_communicator() {
  throw Error(Errc::invalid_argument,
              "this Communicator is none: it was not made by env.world(), dup or split, or split "
              "gave this rank no part");
}

// The blocking calls keep their operation on the stack: nothing is allocated for a small message.
void send(CommState& comm, const SendBuffer& buffer, int dest, int tag, SendMode mode,
          Deadline deadline, CallSite at) {
  check_send(comm, dest, tag);
  World& world = comm.world();
  p2p::SendOperation operation(world.endpoint());
  world.endpoint().start_send(operation, comm.world_rank(dest), comm.p2p_context(), tag, buffer,
                              mode == SendMode::synchronous);
  const auto describe = [&] {
    return "send to " + comm.say_rank(dest) + ", tag " + std::to_string(tag);
  };
  const WaitingFor waiting(mode == SendMode::synchronous ? "ssend" : "send", at,
                           [&](Awaited& awaited) { awaited.add(operation); });
  if (!world.wait_and_flush([&] { return operation.done(); }, deadline, waiting,
                            comm.world_rank(dest)))
    raise_timeout(comm, describe());
  if (operation.failure() != nullptr) raise(comm, describe(), *operation.failure());
}

Status recv(CommState& comm, const RecvBuffer& buffer, Source source, TagMatch tag,
            Deadline deadline, CallSite at) {
  check_recv(comm, source, tag);
  World& world = comm.world();
  if (source.any()) world.take_own();
  p2p::RecvOperation operation(world.endpoint());
  world.endpoint().start_recv(operation, pattern_of(comm, source, tag), buffer,
                              sources_of(comm, deadline));
  const WaitingFor waiting("recv", at, [&](Awaited& awaited) { awaited.add(operation); });
  if (!world.wait([&] { return operation.done(); }, deadline, waiting)) {
    raise_timeout(comm, describe_recv(comm, "recv", source, tag));
  }
  if (operation.failure() != nullptr)
    raise(comm, describe_recv(comm, "recv", source, tag), *operation.failure());
  return status_of(comm, operation.source(), operation.envelope());
}

Status sendrecv(CommState& comm, const SendBuffer& out, int dest, int send_tag,
                const RecvBuffer& in, Source source, TagMatch recv_tag, Deadline deadline,
                CallSite at) {
  check_send(comm, dest, send_tag);
  check_recv(comm, source, recv_tag);
  World& world = comm.world();
  p2p::RecvOperation incoming(world.endpoint());
  world.endpoint().start_recv(incoming, pattern_of(comm, source, recv_tag), in,
                              dest == comm.rank() ? comm.sources() : sources_of(comm, deadline));
  p2p::SendOperation outgoing(world.endpoint());
  world.endpoint().start_send(outgoing, comm.world_rank(dest), comm.p2p_context(), send_tag, out,
                              false);
  const auto describe = [&] {
    return "sendrecv to " + comm.say_rank(dest) + " and" +
           describe_recv(comm, "", source, recv_tag);
  };
  const auto both = [&] {
    return (outgoing.done() && incoming.done()) ||
           (incoming.done() && incoming.failure() != nullptr) ||
           (outgoing.done() && outgoing.failure() != nullptr);
  };
  const WaitingFor waiting("sendrecv", at, [&](Awaited& awaited) {
    if (!outgoing.done()) awaited.add(outgoing);
    if (!incoming.done()) awaited.add(incoming);
  });
  if (!world.wait_and_flush(both, deadline, waiting, comm.world_rank(dest)))
    raise_timeout(comm, describe());
  if (incoming.failure() != nullptr) raise(comm, describe(), *incoming.failure());
  if (outgoing.failure() != nullptr) raise(comm, describe(), *outgoing.failure());
  return status_of(comm, incoming.source(), incoming.envelope());
}

Request isend(CommState& comm, const SendBuffer& buffer, int dest, int tag, SendMode mode,
              std::shared_ptr<void> kept, CallSite at) {
  check_send(comm, dest, tag);
  return Request(
      OperationHandle(new PendingSend(comm.shared_from_this(), buffer, dest, tag, mode, at)),
      std::move(kept));
}

Request irecv(CommState& comm, const RecvBuffer& buffer, Source source, TagMatch tag, CallSite at,
              std::shared_ptr<void> kept) {
  check_recv(comm, source, tag);
  return Request(OperationHandle(new PendingRecv(comm.shared_from_this(), buffer, source, tag, at)),
                 std::move(kept));
}

}  // namespace prun::detail

namespace prun {

namespace {

std::optional<Status> look(detail::CommState& comm, const match::Pattern& pattern) {
  const p2p::UnexpectedMessage* message = comm.world().endpoint().probe(pattern);
  if (message == nullptr) return std::nullopt;
  return detail::status_of(comm, message->label.source, message->envelope);
}

}  // namespace

Status Communicator::probe(Source source, TagMatch tag, Deadline deadline, CallSite at) const {
  detail::CommState& comm = state();
  detail::check_recv(comm, source, tag);
  const match::Pattern pattern = detail::pattern_of(comm, source, tag);
  std::optional<Status> found;
  std::optional<core::Failure> hopeless;
  if (source.any()) comm.world().take_own();
  const auto ended = [&] {
    found = look(comm, pattern);
    if (!found) hopeless = comm.world().endpoint().hopeless(pattern, sources_of(comm, deadline));
    return found || hopeless;
  };
  const auto describe = [&] { return detail::describe_recv(comm, "probe", source, tag); };
  const detail::WaitingFor waiting("probe", at,
                                   [&](detail::Awaited& awaited) { awaited.add_probe(pattern); });
  if (!comm.world().wait(ended, deadline, waiting)) detail::raise_timeout(comm, describe());
  if (hopeless) detail::raise(comm, describe(), *hopeless);
  return *found;
}

std::optional<Status> Communicator::iprobe(Source source, TagMatch tag) const {
  detail::CommState& comm = state();
  detail::check_recv(comm, source, tag);
  comm.world().poll();
  const match::Pattern pattern = detail::pattern_of(comm, source, tag);
  auto found = look(comm, pattern);
  if (found) return found;
  // Who drains what has come asks also when all others have left in good order.
  const auto hopeless = comm.world().endpoint().hopeless(pattern, comm.sources());
  if (hopeless && hopeless->code == Errc::peer_lost)
    detail::raise(comm, detail::describe_recv(comm, "iprobe", source, tag), *hopeless);
  return std::nullopt;
}

}  // namespace prun
