#pragma once

#include <prun/buffer.hpp>

#include <coroutine>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime/core/intrusive_list.hpp"
#include "runtime/core/result.hpp"
#include "runtime/match/matcher.hpp"
#include "runtime/transport/transport.hpp"
#include "runtime/wire/data_frame.hpp"

// Sends and receives under way. They live where their caller puts them (a stack frame, a coroutine,
// a Request); the Endpoint links them into its queues and completes each exactly once. Destroying
// one that is not complete withdraws it: a receive gives up its buffer at once, a send goes on from
// a private copy.
namespace prun::p2p {

using transport::WorldRank;

class Endpoint;
struct UnexpectedMessage;
struct StalledTag;
struct FlushTag;

// Somebody who waits until what was sent to a peer has left this process. Lives where he likes;
// the Endpoint resumes him once.
struct FlushWaiter : core::ListHook<FlushTag> {
  WorldRank peer = match::any;
  std::coroutine_handle<> waiter;
  ~FlushWaiter() { forget(); }
  void forget() {
    if (linked()) core::IntrusiveList<FlushWaiter, FlushTag>::remove(*this);
  }
};

// What both have: an end, and somebody who may wait for it.
class Operation {
 public:
  bool done() const noexcept { return done_; }
  // What befell it, once done; null when it went well.
  const core::Failure* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

  // Resumed once by Endpoint::run_ready after completion. One waiter at a time.
  void set_waiter(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  // Nobody is resumed on its account any more.
  void clear_waiter();

 protected:
  explicit Operation(Endpoint& endpoint) : endpoint_(endpoint) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation();

  Endpoint& endpoint_;

 private:
  friend class Endpoint;
  bool done_ = false;
  std::optional<core::Failure> failure_;
  std::coroutine_handle<> waiter_;
};

class SendOperation : public Operation, public core::ListHook<StalledTag> {
 public:
  explicit SendOperation(Endpoint& endpoint) : Operation(endpoint) {}
  ~SendOperation();

  WorldRank peer() const { return bulk_.peer; }
  const wire::Envelope& envelope() const { return envelope_; }
  bool synchronous() const { return synchronous_; }
  // Its receiver has asked for the payload.
  bool wanted() const { return state_ == State::streaming; }

 private:
  friend class Endpoint;
  enum class State : std::uint8_t { idle, stalled, announced, streaming, finished };

  wire::Envelope envelope_;
  bool synchronous_ = false;
  bool orphaned_ = false;  // the endpoint's own: its caller has gone
  State state_ = State::idle;
  transport::BulkSend bulk_;  // peer, payload; queued at the transport while streaming
};

class RecvOperation : public Operation, public match::Posted {
 public:
  explicit RecvOperation(Endpoint& endpoint) : Operation(endpoint) {}
  ~RecvOperation();

  // Of the message, once it is matched.
  WorldRank source() const { return source_; }
  const wire::Envelope& envelope() const { return envelope_; }
  bool matched() const { return matched_; }
  // Where it goes.
  const detail::RecvBuffer& buffer() const { return buffer_; }

 private:
  friend class Endpoint;
  detail::RecvBuffer buffer_;
  std::span<const WorldRank> members_;  // who any_source may mean
  bool matched_ = false;
  WorldRank source_ = match::any;
  wire::Envelope envelope_;
  UnexpectedMessage* claimed_ = nullptr;  // matched while still arriving in memory of the endpoint
  std::uint64_t incoming_id_ = 0;  // matched and streaming into buffer_, with its peer's send id
  bool streaming_ = false;
  bool arriving_ = false;  // an eager payload is being read into buffer_
};

}  // namespace prun::p2p
