#pragma once

#include <prun/call_site.hpp>
#include <prun/detail/operations.hpp>

#include <functional>
#include <memory>
#include <string>

#include "runtime/coll/task.hpp"
#include "runtime/comm/comm_state.hpp"
#include "runtime/p2p/operation.hpp"

// What stands behind a Request.
namespace prun::detail {

// An operation under way on a communicator. Destroying it before it is done withdraws it.
class Operation {
 public:
  Operation(std::shared_ptr<CommState> comm, const CallSite& started)
      : comm_(std::move(comm)), started_(started) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  CommState& comm() const { return *comm_; }
  World& world() const { return comm_->world(); }

  virtual bool done() const = 0;
  // The outcome, once done: the status, or the Error it ended with is thrown.
  virtual Status result() const = 0;
  // Done, because a rank it needs is lost.
  virtual bool ended_by_loss() const = 0;
  virtual bool cancel() { return false; }
  // This rank does nothing else until it is done.
  virtual void begin_wait() {}
  // Whether it sends: a wait for it also sees to it that what was sent leaves this process.
  virtual bool sends() const { return true; }
  // "recv from 2, tag 7": for messages.
  virtual std::string describe() const = 0;
  // The same for whoever asks what this rank waits for.
  virtual void tell(Awaited& awaited) const = 0;
  // Where the call stands that started it.
  const CallSite& started() const { return started_; }

 private:
  std::shared_ptr<CommState> comm_;
  CallSite started_;
};

inline bool ended_by_loss(const p2p::Operation& operation) {
  return operation.failure() != nullptr && operation.failure()->code == Errc::peer_lost;
}

class PendingSend final : public Operation {
 public:
  PendingSend(std::shared_ptr<CommState> comm, const SendBuffer& buffer, int dest, int tag,
              SendMode mode, const CallSite& started);

  bool done() const override { return operation_.done(); }
  Status result() const override;
  bool ended_by_loss() const override { return detail::ended_by_loss(operation_); }
  std::string describe() const override;
  void tell(Awaited& awaited) const override { awaited.add(operation_, started()); }

 private:
  p2p::SendOperation operation_;
  int dest_;
  int tag_;
};

class PendingRecv final : public Operation {
 public:
  PendingRecv(std::shared_ptr<CommState> comm, const RecvBuffer& buffer, Source source,
              TagMatch tag, const CallSite& started);

  bool done() const override { return operation_.done(); }
  Status result() const override;
  bool ended_by_loss() const override { return detail::ended_by_loss(operation_); }
  void begin_wait() override;
  bool cancel() override { return world().endpoint().cancel(operation_); }
  bool sends() const override { return false; }
  std::string describe() const override;
  void tell(Awaited& awaited) const override { awaited.add(operation_, started()); }

 private:
  p2p::RecvOperation operation_;
  Source source_;
  TagMatch tag_;
};

class PendingCollective final : public Operation {
 public:
  // Starts the task of a call that has just been entered (CommState::enter).
  PendingCollective(std::shared_ptr<CommState> comm, const EnteredCall& call, coll::Task task);

  bool done() const override { return task_.done(); }
  Status result() const override;
  bool ended_by_loss() const override;
  std::string describe() const override { return std::string(call_.name); }
  void tell(Awaited& awaited) const override;

 private:
  EnteredCall call_;
  std::uint32_t number_;
  coll::Task task_;
};

// The message of a receive as the communicator sees it.
Status status_of(const CommState& comm, transport::WorldRank source,
                 const wire::Envelope& envelope);

// Throws invalid_argument for what cannot be meant: a rank or tag out of range, use after finalize.
void check_send(const CommState& comm, int dest, int tag);
void check_recv(const CommState& comm, Source source, TagMatch tag);
match::Pattern pattern_of(const CommState& comm, Source source, TagMatch tag);
std::string describe_recv(const CommState& comm, const char* verb, Source source, TagMatch tag);

// Throws the failure as an Error that begins with who and what.
[[noreturn]] void raise(const CommState& comm, const std::string& operation,
                        const core::Failure& failure);
[[noreturn]] void raise_timeout(const CommState& comm, const std::string& operation);

// Runs the world until the operation is done; throws timed_out past the deadline. `at`: where the
// wait stands.
void wait_for(Operation& operation, const Deadline& deadline, const CallSite& at);

// Until the request is done, which does not take it, or `besides` holds. False if the deadline passed
// first. Does not wait for what was sent to leave.
bool wait_beside(const Request& request, const std::function<bool()>& besides,
                 const Deadline& deadline);

}  // namespace prun::detail
