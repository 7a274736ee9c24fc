#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/core/intrusive_list.hpp"
#include "runtime/match/matcher.hpp"
#include "runtime/p2p/limits.hpp"
#include "runtime/p2p/operation.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::p2p {

// A message that arrived before its receive.
struct UnexpectedMessage : match::Unexpected {
  wire::Envelope envelope;
  std::uint64_t send_id = 0;  // of an announced (rts) message
  bool announced = false;     // its payload is, or was, at the sender
  bool synchronous = false;   // its sender wants to know of the match: never taken in ahead of it
  bool taking_in = false;     // its payload has been asked for ahead of the receive
  bool complete = false;      // the payload is all here
  std::vector<std::byte> payload;
  RecvOperation* claimed_by = nullptr;  // matched while still arriving; off the queues then
};

// Point to point between the ranks of a job: matching, the eager and rendezvous protocols, flow
// control.
//
//   eager:       envelope and payload in one frame, where the receiver has room for it
//   rendezvous:  rts with the envelope; cts once it is matched; then the payload in segments
//
// Memory is bounded per peer by credits: see Limits. A rank that waits while a peer is stalled for
// want of credit, on a receive that nothing here matches, grants that peer more envelopes: the one
// it waits for may be behind them.
//
// One thread. Owned by the World, like the transports it sends through. It never blocks; somebody
// calls progress of the transports and then run_ready, until what he waits for is done.
class Endpoint final : public transport::Receiver {
 public:
  // Which transport carries frames to a peer. Asked once per peer.
  using Route = std::function<transport::Transport&(WorldRank)>;
  // Told when a peer's connection ends. The owner decides what that means: peer_finished or
  // peer_lost.
  using GoneHandler = std::function<void(WorldRank peer, bool orderly, const std::string& cause)>;
  // A rank in words: "rank 2 on rpi3".
  using Namer = std::function<std::string(WorldRank)>;

  Endpoint(Limits limits, Route route, GoneHandler on_gone, Namer name);
  ~Endpoint();

  // Sends `buffer` to a peer; the operation is done when the buffer is the caller's again.
  void start_send(SendOperation& operation, WorldRank peer, std::uint32_t context, std::int32_t tag,
                  const detail::SendBuffer& buffer, bool synchronous);

  // Receives the next message that matches. `members` are the world ranks that match::any may mean;
  // they outlive the operation.
  void start_recv(RecvOperation& operation, const match::Pattern& pattern,
                  const detail::RecvBuffer& buffer, std::span<const WorldRank> members);

  // Withdraws a receive that no message has met; it completes with Errc::cancelled. False if it is
  // too late.
  bool cancel(RecvOperation& operation);

  // The message a receive with this pattern would take now, or null.
  const UnexpectedMessage* probe(const match::Pattern& pattern) { return find_unexpected(pattern); }

  // Resumes whoever waits for an operation that is done. True if anybody did.
  bool run_ready();

  // Asks for one large message ahead of its receive, if there is one and memory for it. Called when
  // this rank is blocked and nothing moves: two ranks that send to each other before they receive
  // go on this way.
  bool take_in_unexpected();
  bool has_untaken() const { return untaken_ > 0; }

  // No message will come from the peer any more. Operations that need it fail, now and later.
  void peer_finished(WorldRank peer);
  void peer_lost(WorldRank peer, const std::string& cause);
  bool peer_gone(WorldRank peer) const;

  // Everything the caller gave away was handed to the transports.
  bool idle() const { return sends_under_way_ == 0; }

  // Messages of a context that is no more are dropped, also later ones.
  void retire_context(std::uint32_t context);

  // transport::Receiver
  core::Result<std::byte*> on_frame_begin(WorldRank from, const wire::Frame& frame) override;
  core::Status on_frame_end(WorldRank from, const wire::Frame& frame) override;
  void on_bulk_sent(transport::BulkSend& bulk) override;
  void on_peer_gone(WorldRank peer, bool orderly, const std::string& cause) override;

 private:
  friend class Operation;
  friend class SendOperation;
  friend class RecvOperation;

  // A payload that arrives in segments: for a receive, for an unexpected message, or for nobody any
  // more.
  struct Incoming {
    RecvOperation* receive = nullptr;
    UnexpectedMessage* message = nullptr;
    std::byte* place = nullptr;  // null: thrown away
    std::uint64_t total = 0;
    std::uint64_t received = 0;
    std::uint64_t credit = 0;  // eager bytes to give back: none, kept for symmetry of accounting
  };

  // What the current frame of a peer is for, between begin and end.
  struct Arriving {
    RecvOperation* receive = nullptr;
    UnexpectedMessage* message = nullptr;
    std::optional<core::Failure> failure;  // the receive met a message it cannot take
  };

  struct Peer {
    transport::Transport* transport = nullptr;
    // As a sender to it.
    std::uint32_t envelopes = 0;  // it has room for so many more
    std::uint64_t eager_bytes = 0;
    bool said_stalled = false;
    core::IntrusiveList<SendOperation, StalledTag> stalled;
    std::unordered_map<std::uint64_t, SendOperation*> announced;
    std::uint64_t next_send_id = 1;
    // As a receiver from it.
    std::uint32_t envelopes_used = 0;  // received since credit was last given back
    std::uint64_t eager_bytes_used = 0;
    std::uint32_t envelopes_held = 0;  // arrived, not yet matched
    bool is_stalled = false;
    std::unordered_map<std::uint64_t, Incoming> incoming;
    Arriving arriving;
    std::optional<core::Failure> gone;
  };

  // A send whose caller has gone; it owns its payload.
  struct DetachedSend {
    SendOperation operation;
    std::vector<std::byte> payload;
    explicit DetachedSend(Endpoint& endpoint) : operation(endpoint) {}
  };

  Peer& peer(WorldRank rank);
  void send_control(Peer& to, WorldRank rank, const wire::Frame& frame);
  void dispatch(SendOperation& operation, Peer& to);
  void dispatch_stalled(WorldRank rank, Peer& to);
  void complete(Operation& operation, std::optional<core::Failure> failure = std::nullopt);
  void finish_send(SendOperation& operation, std::optional<core::Failure> failure = std::nullopt);

  UnexpectedMessage* find_unexpected(const match::Pattern& pattern);
  std::optional<core::Failure> place_for(RecvOperation& operation, WorldRank source,
                                         const wire::Envelope& envelope);
  void deliver(UnexpectedMessage& message, RecvOperation& operation);
  void finish_unexpected(UnexpectedMessage& message);
  void answer_rts(WorldRank source, std::uint64_t send_id, bool refused);
  void begin_incoming(WorldRank source, std::uint64_t send_id, const Incoming& incoming);
  void finish_incoming(WorldRank source, std::uint64_t send_id);
  void drop(UnexpectedMessage& message);
  std::unique_ptr<UnexpectedMessage> release(UnexpectedMessage& message);
  void use_credit(Peer& from, WorldRank rank, std::uint64_t eager_bytes);
  void grant_if_starved(WorldRank rank, Peer& from);
  void fail_peer(WorldRank rank, core::Failure failure);
  std::optional<core::Failure> nobody_left(std::span<const WorldRank> members) const;

  core::Result<std::byte*> begin_message(WorldRank from, const wire::Frame& frame);
  core::Status on_cts(WorldRank from, const wire::Frame& frame);

  void withdraw(SendOperation& operation);
  void withdraw(RecvOperation& operation);
  void forget_waiter(Operation& operation);

  Limits limits_;
  Route route_;
  GoneHandler on_gone_;
  Namer name_;
  match::Matcher matcher_;
  std::unordered_map<WorldRank, std::unique_ptr<Peer>> peers_;
  std::unordered_map<UnexpectedMessage*, std::unique_ptr<UnexpectedMessage>> unexpected_;
  std::unordered_map<SendOperation*, std::unique_ptr<DetachedSend>> detached_;
  std::unordered_map<std::uint32_t, bool> retired_contexts_;
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::unique_ptr<DetachedSend>> finished_detached_;
  std::size_t taken_in_bytes_ = 0;
  std::size_t untaken_ = 0;
  std::size_t sends_under_way_ = 0;
};

}  // namespace prun::p2p
