#include "runtime/comm/pending.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace prun::detail {

// --- checks and words
// ------------------------------------------------------------------------------------------------------

namespace {

[[noreturn]] void misuse(const CommState& comm, const std::string& operation,
                         const std::string& what) {
  throw Error(Errc::invalid_argument, comm.say(operation) + ": " + what);
}

void check_rank(const CommState& comm, const std::string& operation, int rank) {
  if (rank >= 0 && rank < comm.size()) return;
  misuse(comm, operation,
         "there is no rank " + std::to_string(rank) + " in a communicator of " +
             std::to_string(comm.size()) +
             (comm.size() == 1 ? " (only rank 0)"
                               : " (ranks 0 to " + std::to_string(comm.size() - 1) + ")"));
}

void check_tag(const CommState& comm, const std::string& operation, int tag) {
  if (tag < 0) misuse(comm, operation, "a tag is 0 or more, this one is " + std::to_string(tag));
}

std::string describe_send(const CommState& comm, const char* verb, int dest, int tag) {
  return std::string(verb) + " to " + comm.say_rank(dest) + ", tag " + std::to_string(tag);
}

}  // namespace

std::string describe_recv(const CommState& comm, const char* verb, Source source, TagMatch tag) {
  return std::string(verb) + " from " + (source.any() ? "any rank" : comm.say_rank(source.rank())) +
         ", " + (tag.any() ? "any tag" : "tag " + std::to_string(tag.tag()));
}

void check_send(const CommState& comm, int dest, int tag) {
  comm.world().check_usable();
  if (dest >= 0 && dest < comm.size() && tag >= 0) return;
  const std::string operation = describe_send(comm, "send", dest, tag);
  check_rank(comm, operation, dest);
  check_tag(comm, operation, tag);
}

void check_recv(const CommState& comm, Source source, TagMatch tag) {
  comm.world().check_usable();
  const bool rank_good = source.any() || (source.rank() >= 0 && source.rank() < comm.size());
  if (rank_good && (tag.any() || tag.tag() >= 0)) return;
  const std::string operation = describe_recv(comm, "recv", source, tag);
  if (!source.any()) check_rank(comm, operation, source.rank());
  if (!tag.any()) check_tag(comm, operation, tag.tag());
}

match::Pattern pattern_of(const CommState& comm, Source source, TagMatch tag) {
  return {comm.p2p_context(), source.any() ? match::any : comm.world_rank(source.rank()),
          tag.any() ? match::any : tag.tag()};
}

Status status_of(const CommState& comm, transport::WorldRank source,
                 const wire::Envelope& envelope) {
  return {comm.rank_of(source).value_or(-1), envelope.tag, static_cast<std::size_t>(envelope.count),
          envelope.type};
}

void raise(const CommState& comm, const std::string& operation, const core::Failure& failure) {
  const std::string text = comm.say(operation) + ": " + failure.text;
  const int peer = failure.peer < 0 ? failure.peer : comm.world().rank_of(failure.peer);
  if (failure.code != Errc::peer_lost) throw Error(failure.code, text, peer);
  // Who tries again and again is not to keep out what would end that.
  if (!comm.world().finalized()) comm.world().poll();
  std::vector<int> lost = comm.lost();
  const auto needed = comm.rank_of(failure.peer);
  const auto found = needed ? std::find(lost.begin(), lost.end(), *needed) : lost.end();
  if (found != lost.end()) std::rotate(lost.begin(), found, found + 1);
  throw Error(failure.code, text, peer, std::move(lost));
}

void raise_timeout(const CommState& comm, const std::string& operation) {
  throw Error(Errc::timed_out, comm.say(operation) + ": not complete when its deadline passed");
}

void wait_for(Operation& operation, const Deadline& deadline, const CallSite& at) {
  World& world = operation.world();
  world.check_usable();
  if (!deadline.at()) operation.begin_wait();
  const auto done = [&] { return operation.done(); };
  const WaitingFor waiting("wait", at, [&](Awaited& awaited) { operation.tell(awaited); });
  const bool in_time = operation.sends() ? world.wait_and_flush(done, deadline, waiting)
                                         : world.wait(done, deadline, waiting);
  if (!in_time) raise_timeout(operation.comm(), operation.describe());
}

// --- operations
// ------------------------------------------------------------------------------------------------------------

PendingSend::PendingSend(std::shared_ptr<CommState> comm, const SendBuffer& buffer, int dest,
                         int tag, SendMode mode, const CallSite& started)
    : Operation(std::move(comm), started), operation_(world().endpoint()), dest_(dest), tag_(tag) {
  const World::Burst burst(world());
  world().endpoint().start_send(operation_, this->comm().world_rank(dest),
                                this->comm().p2p_context(), tag, buffer,
                                mode == SendMode::synchronous);
}

std::string PendingSend::describe() const {
  return describe_send(comm(), "send", dest_, tag_);
}

Status PendingSend::result() const {
  if (operation_.failure() != nullptr) raise(comm(), describe(), *operation_.failure());
  return {comm().rank(), tag_, static_cast<std::size_t>(operation_.envelope().count),
          operation_.envelope().type};
}

PendingRecv::PendingRecv(std::shared_ptr<CommState> comm, const RecvBuffer& buffer, Source source,
                         TagMatch tag, const CallSite& started)
    : Operation(std::move(comm), started),
      operation_(world().endpoint()),
      source_(source),
      tag_(tag) {
  world().endpoint().start_recv(operation_, pattern_of(this->comm(), source, tag), buffer,
                                this->comm().sources());
}

void PendingRecv::begin_wait() {
  if (!source_.any()) return;
  world().take_own();
  world().endpoint().narrow(operation_, comm().sources_of_waiting());
}

std::string PendingRecv::describe() const {
  return describe_recv(comm(), "recv", source_, tag_);
}

Status PendingRecv::result() const {
  if (operation_.failure() != nullptr) raise(comm(), describe(), *operation_.failure());
  return status_of(comm(), operation_.source(), operation_.envelope());
}

PendingCollective::PendingCollective(std::shared_ptr<CommState> comm, const EnteredCall& call,
                                     coll::Task task)
    : Operation(std::move(comm), call.at),
      call_(call),
      number_(this->comm().calls()),
      task_(std::move(task)) {
  task_.start();
}

void PendingCollective::tell(Awaited& awaited) const {
  bootstrap::AwaitedOperation operation;
  operation.kind = bootstrap::AwaitedOperation::Kind::collective;
  operation.context = comm().p2p_context();
  operation.peer = call_.root;
  operation.count = call_.count;
  operation.type = call_.type;
  operation.call = number_;
  operation.name = call_.name;
  operation.started = place_of(started());
  awaited.add(std::move(operation));
}

bool PendingCollective::ended_by_loss() const {
  if (!task_.done() || !task_.error()) return false;
  try {
    std::rethrow_exception(task_.error());
  } catch (const coll::TransferFailed& failed) {
    return failed.failure().code == Errc::peer_lost;
  } catch (...) {
    return false;
  }
}

Status PendingCollective::result() const {
  if (task_.error()) {
    try {
      std::rethrow_exception(task_.error());
    } catch (const coll::TransferFailed& failed) {
      core::Failure failure = failed.failure();
      if (failure.code == Errc::type_mismatch || failure.code == Errc::truncated) {
        failure.text +=
            "; all members must call the same collectives in the same order, with the same root, "
            "type and number of elements";
      }
      raise(comm(), describe(), failure);
    }
  }
  return {};
}

}  // namespace prun::detail
