#include <prun/request.hpp>

#include <prun/error.hpp>

#include <algorithm>
#include <exception>

#include "runtime/comm/pending.hpp"

namespace prun {

namespace detail {

void OperationRelease::operator()(Operation* operation) const noexcept {
  delete operation;
}

}  // namespace detail

// Lets the functions below look behind a request.
struct RequestAccess {
  static detail::Operation* operation(const Request& request) { return request.operation_.get(); }
  static Status end(Request& request) { return request.end(); }
};

namespace {

detail::Operation* operation(const Request& request) {
  return RequestAccess::operation(request);
}

detail::Operation& require(const Request& request) {
  detail::Operation* found = operation(request);
  if (found == nullptr) {
    throw Error(
        Errc::invalid_argument,
        "this request is not active: it was waited for already, moved away, or never started");
  }
  return *found;
}

// Any active one, to reach the world they all belong to; null if there is none.
detail::Operation* any_active(std::span<const Request> requests) {
  for (const Request& request : requests) {
    if (request.active()) return operation(request);
  }
  return nullptr;
}

detail::Operation& require_any(std::span<const Request> requests) {
  detail::Operation* found = any_active(requests);
  if (found == nullptr)
    throw Error(Errc::invalid_argument,
                "none of the requests is active: there is nothing to wait for");
  found->world().check_usable();
  return *found;
}

bool is_done(const Request& request) {
  return request.active() && operation(request)->done();
}

std::optional<std::size_t> first_done(std::span<const Request> requests) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (is_done(requests[i])) return i;
  }
  return std::nullopt;
}

// All are done, or one of them because a rank is lost.
bool all_ended(std::span<const Request> requests) {
  const auto unfinished = std::find_if(requests.begin(), requests.end(), [](const Request& one) {
    return one.active() && !operation(one)->done();
  });
  if (unfinished == requests.end()) return true;
  if (!operation(*unfinished)->world().endpoint().anyone_missing()) return false;
  return std::any_of(requests.begin(), requests.end(), [](const Request& request) {
    return is_done(request) && operation(request)->ended_by_loss();
  });
}

// Those of the requests that are not done, for whoever asks.
struct TellRequests {
  std::span<const Request> requests;
  bool any_is_enough;

  void operator()(detail::Awaited& awaited) const {
    if (any_is_enough) awaited.any_is_enough();
    for (const Request& request : requests) {
      if (request.active() && !operation(request)->done()) operation(request)->tell(awaited);
    }
  }
};
using WaitingForRequests = detail::WaitingFor<TellRequests>;

// Ends every request that is done; the first failure is thrown once all of them are.
template <class Take>
void take_done(std::span<Request> requests, Take take) {
  std::exception_ptr first;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!is_done(requests[i])) continue;
    try {
      take(i, RequestAccess::end(requests[i]));
    } catch (const std::exception&) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

std::vector<Status> take_all(std::span<Request> requests) {
  std::vector<Status> statuses(requests.size());
  take_done(requests, [&](std::size_t index, const Status& status) { statuses[index] = status; });
  return statuses;
}

std::vector<Completed> take_some(std::span<Request> requests) {
  std::vector<Completed> completed;
  take_done(requests, [&](std::size_t index, const Status& status) {
    completed.push_back({index, status});
  });
  return completed;
}

}  // namespace

bool detail::wait_beside(const Request& request, const std::function<bool()>& besides,
                         const Deadline& deadline) {
  const Operation& waited = require(request);
  waited.world().check_usable();
  const WaitingFor waiting("wait", {}, [&](Awaited& awaited) { waited.tell(awaited); });
  return waited.world().wait([&] { return waited.done() || besides(); }, deadline, waiting);
}

Status Request::end() {
  const detail::OperationHandle ended = std::move(operation_);
  const std::shared_ptr<void> kept = std::move(kept_);
  return ended->result();
}

Status Request::wait(Deadline deadline, CallSite at) {
  detail::Operation& waited = require(*this);
  // Also for one that is done: its message may still wait for its connection.
  if (!waited.done() || !waited.world().finalized()) detail::wait_for(waited, deadline, at);
  return end();
}

std::optional<Status> Request::test() {
  detail::Operation& tested = require(*this);
  if (!tested.done()) {
    tested.world().check_usable();
    tested.world().poll();
  } else {
    tested.world().end_burst();
  }
  if (!tested.done()) return std::nullopt;
  return end();
}

bool Request::cancel() {
  return require(*this).cancel();
}

std::vector<Status> wait_all(std::span<Request> requests, Deadline deadline, CallSite at) {
  if (detail::Operation* one = any_active(requests);
      one != nullptr && (!all_ended(requests) || !one->world().finalized())) {
    one->world().check_usable();
    for (const Request& request : requests) {
      if (request.active() && !deadline.at()) operation(request)->begin_wait();
    }
    const WaitingForRequests waiting("wait_all", at, {requests, false});
    if (!one->world().wait_and_flush([&] { return all_ended(requests); }, deadline, waiting)) {
      detail::raise_timeout(one->comm(),
                            "wait_all on " + std::to_string(requests.size()) + " requests");
    }
  }
  return take_all(requests);
}

Completed wait_any(std::span<Request> requests, Deadline deadline, CallSite at) {
  detail::Operation& one = require_any(requests);
  const WaitingForRequests waiting("wait_any", at, {requests, true});
  if (!one.world().wait_and_flush([&] { return first_done(requests).has_value(); }, deadline,
                                  waiting)) {
    detail::raise_timeout(one.comm(),
                          "wait_any on " + std::to_string(requests.size()) + " requests");
  }
  const std::size_t index = *first_done(requests);
  return {index, RequestAccess::end(requests[index])};
}

std::vector<Completed> wait_some(std::span<Request> requests, Deadline deadline, CallSite at) {
  detail::Operation& one = require_any(requests);
  const WaitingForRequests waiting("wait_some", at, {requests, true});
  if (!one.world().wait_and_flush([&] { return first_done(requests).has_value(); }, deadline,
                                  waiting)) {
    detail::raise_timeout(one.comm(),
                          "wait_some on " + std::to_string(requests.size()) + " requests");
  }
  return take_some(requests);
}

std::optional<std::vector<Status>> test_all(std::span<Request> requests) {
  if (detail::Operation* one = any_active(requests); one != nullptr && !all_ended(requests)) {
    one->world().check_usable();
    one->world().poll();
    if (!all_ended(requests)) return std::nullopt;
  } else if (one != nullptr) {
    one->world().end_burst();
  }
  return take_all(requests);
}

std::optional<Completed> test_any(std::span<Request> requests) {
  detail::Operation& one = require_any(requests);
  one.world().poll();
  const auto index = first_done(requests);
  if (!index) return std::nullopt;
  return Completed{*index, RequestAccess::end(requests[*index])};
}

std::vector<Completed> test_some(std::span<Request> requests) {
  detail::Operation& one = require_any(requests);
  one.world().poll();
  return take_some(requests);
}

}  // namespace prun
