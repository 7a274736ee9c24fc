#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <prun/call_site.hpp>
#include <prun/deadline.hpp>
#include <prun/status.hpp>

namespace prun {

namespace detail {
class Operation;
struct OperationRelease {
  void operator()(Operation* operation) const noexcept;
};
using OperationHandle = std::unique_ptr<Operation, OperationRelease>;
}  // namespace detail

// An operation under way: what isend, irecv and the non-blocking collectives give. Movable, not
// copyable; one thread.
//
// wait() or a successful test() ends it and makes the request inactive; ending it twice is an Error
// (invalid_argument), not a hang. A request that is destroyed while active lets go of its buffers
// at once: a receive is cancelled, and a message it had met already is lost; a send goes on from a
// private copy; a collective fails on this rank and with it, as a rule, on the others: wait for
// collectives.
class Request {
 public:
  Request() = default;
  explicit Request(detail::OperationHandle operation, std::shared_ptr<void> kept = nullptr)
      : kept_(std::move(kept)), operation_(std::move(operation)) {}
  Request(Request&&) noexcept = default;
  Request& operator=(Request&& other) noexcept {
    // First: an operation that ends here may still need its buffer.
    operation_ = std::move(other.operation_);
    kept_ = std::move(other.kept_);
    return *this;
  }

  // Whether there is still something to wait for.
  bool active() const noexcept { return operation_ != nullptr; }

  // Until complete. Throws Error: timed_out past the deadline (the request stays active), or what
  // befell the operation.
  Status wait(Deadline deadline = {}, CallSite at = CallSite::here());

  // The status if it is complete (the request is then inactive), otherwise nothing. Never blocks.
  // Throws as wait.
  std::optional<Status> test();

  // Withdraws a receive that no message has met yet; true if so, and wait() then throws cancelled.
  // Sends and collectives cannot be withdrawn: false.
  bool cancel();

 private:
  friend struct RequestAccess;

  // The result of an operation that is done; the request is inactive then.
  Status end();

  std::shared_ptr<void> kept_;  // a buffer given to the operation to keep, which it outlives
  detail::OperationHandle operation_;
};

// All complete, or an Error for the first that failed, all the others complete all the same: except
// where a rank was lost. Then those that are not complete stay active, for what they wait for may
// only come when this rank goes on. Inactive requests are passed over. Statuses stand where their
// requests stand.
std::vector<Status> wait_all(std::span<Request> requests, Deadline deadline = {},
                             CallSite at = CallSite::here());

// What wait_any and test_any found.
struct Completed {
  std::size_t index = 0;  // into the span given
  Status status;
};

// The first to be complete; throws invalid_argument when none is active.
Completed wait_any(std::span<Request> requests, Deadline deadline = {},
                   CallSite at = CallSite::here());

// At least one, and every other that is complete by then.
std::vector<Completed> wait_some(std::span<Request> requests, Deadline deadline = {},
                                 CallSite at = CallSite::here());

// The same without blocking: all or nothing; one or nothing; those that are complete.
std::optional<std::vector<Status>> test_all(std::span<Request> requests);
std::optional<Completed> test_any(std::span<Request> requests);
std::vector<Completed> test_some(std::span<Request> requests);

// A value on its way: what irecv<T>() gives. get() waits and hands it over.
template <class T>
class Incoming {
 public:
  Incoming(Request request, std::shared_ptr<T> value)
      : request_(std::move(request)), value_(std::move(value)) {}

  bool active() const noexcept { return request_.active(); }
  bool ready() {
    if (request_.active() && !status_) status_ = request_.test();
    return status_.has_value();
  }
  T get(Deadline deadline = {}, CallSite at = CallSite::here()) {
    if (!status_) status_ = request_.wait(deadline, at);
    return std::move(*value_);
  }
  // Of the message received; after get() or a true ready().
  const std::optional<Status>& status() const noexcept { return status_; }
  bool cancel() { return request_.cancel(); }

 private:
  Request request_;
  std::shared_ptr<T> value_;
  std::optional<Status> status_;
};

}  // namespace prun
