#pragma once

#include <prun/counters.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "runtime/core/intrusive_list.hpp"
#include "runtime/core/result.hpp"
#include "runtime/wire/data_frame.hpp"

// The contract between what carries frames (a transport) and what they mean (p2p). A transport
// moves frames between this rank and others, in order and whole; it knows nothing of matching,
// types or communicators.
namespace prun::transport {

using WorldRank = std::int32_t;

// A large payload on its way out: cut into data frames that small frames may overtake. Owned by the
// caller of send_bulk, in place and untouched until on_bulk_sent or forget_bulk. Never empty.
struct BulkTag;
struct BulkSend : core::ListHook<BulkTag> {
  WorldRank peer = -1;
  std::uint64_t send_id = 0;
  std::span<const std::byte> payload;
  std::size_t sent = 0;  // bytes handed over so far; the transport's to change
};
using BulkQueue = core::IntrusiveList<BulkSend, BulkTag>;

// What a transport reports upwards. Implemented once, by p2p::Endpoint. Every call comes from
// within progress() or an event handler of the transport's, never from within send_frame or
// send_bulk, so that a caller is never re-entered.
class Receiver {
 public:
  // A header has arrived. The answer is where its payload goes: payload_bytes() writable bytes that
  // stay in place until on_frame_end, or null to have it thrown away. The segments of a message go
  // to places one behind the other, and after one that is thrown away so are the others: a
  // compressed one refers to what came before it. A failure means that the peer lies: the connection
  // is closed.
  virtual core::Result<std::byte*> on_frame_begin(WorldRank from, const wire::Frame& frame) = 0;

  // The payload is complete (at once where there is none). A failure as above.
  virtual core::Status on_frame_end(WorldRank from, const wire::Frame& frame) = 0;

  // Every byte was handed to the carrier: the payload is the caller's again. Exactly once for each
  // send_bulk, unless forgotten or the peer is gone.
  virtual void on_bulk_sent(BulkSend& bulk) = 0;

  // The connection to the peer has ended, and nothing more will come from or go to it. `orderly`:
  // it said bye first.
  virtual void on_peer_gone(WorldRank peer, bool orderly, const std::string& cause) = 0;

 protected:
  ~Receiver() = default;
};

// One way of carrying frames. Driven by one thread; owned by the World, which ends it by close,
// then drained, then destruction.
class Transport {
 public:
  virtual ~Transport() = default;

  // Queues a frame and copies what cannot leave at once, payload included: nothing of the caller's
  // is kept. Never blocks and never fails: a peer that cannot be reached is reported by
  // on_peer_gone. Frames to one peer arrive in the order of these calls. How much may be
  // outstanding is the caller's to bound (p2p credits).
  virtual void send_frame(WorldRank peer, const wire::Frame& frame,
                          std::span<const std::byte> payload) = 0;

  // Queues a large payload; see BulkSend. Its data frames come after every frame queued before this
  // call; frames queued later may overtake them.
  virtual void send_bulk(BulkSend& bulk) = 0;

  // Takes back a bulk send that has not been reported sent: after this the transport does not touch
  // it. What had left cannot be unsaid: the caller sends the rest from elsewhere, or the peer is
  // gone.
  virtual void forget_bulk(BulkSend& bulk) = 0;

  // The place given for the payload that is arriving from this peer is no longer good: the rest is
  // thrown away. The frame still ends with on_frame_end.
  virtual void discard_arriving(WorldRank peer) = 0;

  // The peer is gone for good: what is queued for it is dropped, and nothing more is reported of
  // it. Its bulk sends have been forgotten before.
  virtual void abandon(WorldRank peer) = 0;

  // Moves whatever can be moved without blocking, with upcalls. True if anything was.
  virtual bool progress() = 0;

  // Every frame queued for the peer has left this process. Until then its owner keeps calling
  // progress: nothing moves by itself while a program computes.
  virtual bool flushed(WorldRank peer) = 0;
  // The same for all peers.
  virtual bool flushed() = 0;

  // Bytes of frames queued for the peer that have not left this process; large payloads not counted.
  virtual std::size_t frame_bytes_waiting(WorldRank) const { return 0; }

  // What traffic with the peer has cost so far.
  virtual Counters counters(WorldRank) const { return {}; }

  // Called before the owner blocks in the event loop: from now on whatever progress could move
  // wakes it.
  virtual void arm() = 0;

  // No more will be sent: bye behind what is queued, on every connection. Receiving goes on; frames
  // that it gives rise to are dropped.
  virtual void close() = 0;

  // After close: everything has reached the machines it was for. Nothing is lost by destruction
  // now.
  virtual bool drained() = 0;
};

}  // namespace prun::transport
