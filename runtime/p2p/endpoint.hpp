#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/core/intrusive_list.hpp"
#include "runtime/match/matcher.hpp"
#include "runtime/p2p/limits.hpp"
#include "runtime/p2p/operation.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::p2p {

// A message that arrived before its receive.
struct UnexpectedMessage : match::Unexpected {
  // Where the payload is.
  enum class Payload : std::uint8_t {
    at_sender,  // announced; nothing of it was asked for
    on_its_way,
    here,
  };

  wire::Envelope envelope;
  Payload where = Payload::on_its_way;
  bool eager = false;  // came in one frame: its bytes are the sender's credit until it is received
  bool synchronous = false;  // its sender waits for the match: never asked for ahead of it
  bool unwanted = false;     // nobody will receive it: dropped once it is here
  std::uint64_t send_id = 0;
  std::vector<std::byte> payload;
  RecvOperation* claimed_by = nullptr;  // matched while on its way; off the queues then
  std::list<UnexpectedMessage>::iterator self;
};

// Point to point between the ranks of a job: matching, the eager and rendezvous protocols, flow
// control.
//
//   eager:       envelope and payload in one frame, where the receiver has room for it
//   rendezvous:  rts with the envelope; cts once it is matched; then the payload in segments
//
// Memory is bounded per peer by credits: see Limits. A rank that waits for a message of a peer that
// is stalled for want of credit, while nothing here matches, grants that peer more envelopes: the
// message may be behind them.
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
  void start_send(SendOperation& operation, WorldRank rank, std::uint32_t context, std::int32_t tag,
                  const detail::SendBuffer& buffer, bool synchronous);

  // Receives the next message that matches. `members` are the world ranks that match::any may mean;
  // they outlive the operation.
  void start_recv(RecvOperation& operation, const match::Pattern& pattern,
                  const detail::RecvBuffer& buffer, std::span<const WorldRank> members);

  // From now on match::any means these only: a rank that waits for the receive sends itself nothing.
  void narrow(RecvOperation& operation, std::span<const WorldRank> members);

  // Withdraws a receive that no message has met; it completes with Errc::cancelled. False if it is
  // too late.
  bool cancel(RecvOperation& operation);

  // The message a receive with this pattern would take now, or null.
  const UnexpectedMessage* probe(const match::Pattern& pattern);

  // Why no message can come any more that this pattern could take, or nothing.
  std::optional<core::Failure> hopeless(const match::Pattern& pattern,
                                        std::span<const WorldRank> members) const;

  // Whether any rank has gone, or answers nobody for a while.
  bool anyone_missing() const { return troubled_ > 0; }

  // Resumes whoever waits for an operation that is done. True if anybody did.
  bool run_ready();

  // Asks for one large message ahead of its receive, if there is one and memory for it. Called when
  // this rank is blocked and nothing moves: two ranks that send to each other before they receive
  // go on this way.
  bool take_in_unexpected();
  // Whether there is a message that take_in_unexpected might take.
  bool has_untaken() const { return untaken_ > 0; }

  // No message will come from the peer any more. Operations that need it fail, now and later.
  void peer_finished(WorldRank rank);
  void peer_lost(WorldRank rank, const std::string& cause);
  bool peer_gone(WorldRank rank) const;

  // The peer answers nobody for now: what waits for it fails with `why`, and what would have to, until
  // peer_back. A receive that fails so has taken no message; a send goes on from a private copy.
  void peer_away(WorldRank rank, const core::Failure& why);
  void peer_back(WorldRank rank);

  // Every operation on this context fails with `why`, now and later, and its messages are dropped.
  void end_context(std::uint32_t context, const core::Failure& why);

  // Bytes of messages from the peer that were copied out of memory in which they had waited.
  std::uint64_t bytes_copied(WorldRank rank) const;

  // Whether every frame for the peer has left this process. A small message is done when it is
  // queued: who sends many waits for this between them, or he uses up all the room the peer has.
  bool flushed(WorldRank rank) { return peer(rank).transport->flushed(rank); }
  void wait_until_flushed(FlushWaiter& waiter) { unflushed_.push_back(waiter); }

  // For whoever asks what this rank waits for. Messages that were announced or are here and that no
  // receive has met: visit(const UnexpectedMessage&), in no order.
  template <class Visit>
  void each_unreceived(Visit visit) {
    matcher_.each_unexpected(
        [&](match::Unexpected& item) { visit(static_cast<const UnexpectedMessage&>(item)); });
  }
  // Sends that are not done: visit(const SendOperation&).
  template <class Visit>
  void each_send(Visit visit) {
    for (auto& [rank, to] : peers_) {
      for (const auto& [id, operation] : to->rendezvous) visit(*operation);
      for (SendOperation* one = to->stalled.front(); one != nullptr; one = to->stalled.next(*one))
        visit(*one);
    }
  }
  // What was exchanged with each rank that has not gone: visit(rank, sent, received). A frame counts
  // when it is handed to its transport and when it has come, the payload of a rendezvous as one: so
  // nothing is on its way where both ranks count the same.
  template <class Visit>
  void each_link(Visit visit) const {
    for (const auto& [rank, other] : peers_) {
      if (!other->gone) visit(rank, other->frames_sent, other->frames_received);
    }
  }

  // Every send has been handed to the transports.
  bool idle() const { return sends_under_way_ == 0; }

  // Nobody will receive on this context any more: its messages are dropped, also later ones.
  void retire_context(std::uint32_t context);

  // transport::Receiver
  core::Result<std::byte*> on_frame_begin(WorldRank rank, const wire::Frame& frame) override;
  core::Status on_frame_end(WorldRank rank, const wire::Frame& frame) override;
  void on_bulk_sent(transport::BulkSend& bulk) override;
  void on_peer_gone(WorldRank rank, bool orderly, const std::string& cause) override;

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
  };

  // Whose payload the eager frame is that a peer is in the middle of.
  struct Arriving {
    RecvOperation* receive = nullptr;
    UnexpectedMessage* message = nullptr;
    std::optional<core::Failure> failure;  // the receive has met a message it cannot take
  };

  struct Peer {
    WorldRank rank = -1;
    transport::Transport* transport = nullptr;
    std::optional<core::Failure> gone;
    std::optional<core::Failure> away;
    std::uint64_t frames_sent = 0;  // see each_link
    std::uint64_t frames_received = 0;

    // As a sender to it: what it has room for, who waits for room, whose payload waits for its cts
    // or is streaming.
    std::uint32_t envelopes = 0;
    std::uint64_t eager_bytes = 0;
    bool said_stalled = false;
    core::IntrusiveList<SendOperation, StalledTag> stalled;
    std::unordered_map<std::uint64_t, SendOperation*> rendezvous;
    std::uint64_t next_send_id = 1;

    // As a receiver from it: what it may still send, what was received since credit was last given
    // back.
    std::uint64_t envelope_room = 0;
    std::uint64_t eager_room = 0;
    std::size_t unexpected = 0;  // messages of it that wait here
    std::uint32_t answers = 0;   // frames it gave rise to, since its reading was last looked at
    std::uint32_t envelopes_used = 0;
    std::uint64_t eager_bytes_used = 0;
    bool is_stalled = false;
    std::uint64_t bytes_copied = 0;  // out of unexpected messages
    std::unordered_map<std::uint64_t, Incoming> incoming;
    std::uint64_t last_offer = 0;  // send id of the last rts: they only ever grow
    Arriving arriving;
    std::optional<std::uint64_t> arriving_segment;  // the message of the data frame it is in
  };

  // A send whose caller has gone; it owns its payload.
  struct DetachedSend {
    std::vector<std::byte> payload;
    SendOperation operation;
    explicit DetachedSend(Endpoint& endpoint) : operation(endpoint) {}
  };

  Peer& peer(WorldRank rank);
  void send_control(Peer& to, const wire::Frame& frame) {
    ++to.answers;
    send(to, frame);
  }
  void send(Peer& to, const wire::Frame& frame, std::span<const std::byte> payload = {}) {
    ++to.frames_sent;
    to.transport->send_frame(to.rank, frame, payload);
  }

  // Sending.
  void dispatch(SendOperation& operation, Peer& to);
  void dispatch_stalled(Peer& to);
  void finish_send(SendOperation& operation, std::optional<core::Failure> failure = std::nullopt);
  core::Status on_cts(Peer& from, const wire::Frame& frame);
  core::Status on_credit(Peer& from, const wire::Frame& frame);

  // Receiving.
  std::optional<core::Failure> place_for(RecvOperation& operation, WorldRank source,
                                         const wire::Envelope& envelope);
  UnexpectedMessage& keep(const match::Label& label, const wire::Envelope& envelope);
  void deliver(UnexpectedMessage& message, RecvOperation& operation);
  void hand_over(UnexpectedMessage& message, RecvOperation& operation);
  void payload_is_here(UnexpectedMessage& message);
  void erase(UnexpectedMessage& message);
  void drop(UnexpectedMessage& message);
  void accept_rendezvous(Peer& from, std::uint64_t send_id, const Incoming& incoming);
  void answer_rts(Peer& from, std::uint64_t send_id, bool refused);
  void give_back_credit(Peer& from, std::uint64_t eager_bytes);
  void send_credit(Peer& to, std::uint32_t more_envelopes);
  void grant_if_stalled(Peer& from);
  core::Result<std::byte*> begin_eager(Peer& from, const wire::Frame& frame);
  void end_eager(Peer& from);
  core::Status on_rts(Peer& from, const wire::Frame& frame);
  core::Status end_segment(Peer& from, const wire::Frame& frame);
  core::Status handle(Peer& from, const wire::Frame& frame);
  core::Status take_envelope(Peer& from, const wire::Envelope& envelope, bool eager);

  void fail_peer(WorldRank rank, const core::Failure& failure);
  const core::Failure* refusal(const Peer& to, std::uint32_t context) const;
  void fail_hopeless();
  void orphan(SendOperation& operation, const core::Failure& why);
  void complete(Operation& operation, std::optional<core::Failure> failure = std::nullopt);
  void withdraw(SendOperation& operation);
  void withdraw(RecvOperation& operation);
  void forget_waiter(Operation& operation);
  bool resume_flushed();

  Limits limits_;
  Route route_;
  GoneHandler on_gone_;
  Namer name_;
  match::Matcher matcher_;
  std::unordered_map<WorldRank, std::unique_ptr<Peer>> peers_;
  std::list<UnexpectedMessage> unexpected_;
  std::list<DetachedSend> detached_;
  std::unordered_set<std::uint32_t> retired_contexts_;
  std::unordered_map<std::uint32_t, core::Failure> ended_contexts_;
  std::size_t troubled_ = 0;  // peers that are gone or away
  std::deque<std::coroutine_handle<>> ready_;
  core::IntrusiveList<FlushWaiter, FlushTag> unflushed_;
  std::size_t taken_in_bytes_ = 0;
  std::size_t untaken_ = 0;
  std::size_t sends_under_way_ = 0;
};

}  // namespace prun::p2p
