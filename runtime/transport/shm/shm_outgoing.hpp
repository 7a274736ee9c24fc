#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "runtime/transport/shm/shm_copy.hpp"
#include "runtime/transport/shm/shm_ring.hpp"
#include "runtime/transport/shm/shm_segment.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::transport::shm {

// The way from this rank to one other of its host: the ring, what did not fit into it, and the
// large payloads under way. Owned by its link; one thread.
class Outgoing {
 public:
  // `single_copy`: whether memory of other processes may be reached at all. `lives` says whether
  // the peer's process does.
  Outgoing(Window window, std::uint32_t ring_bytes, std::byte* peer_page, bool single_copy,
           std::function<bool()> lives);
  ~Outgoing() { clear(); }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  // Puts a frame into the ring as far as it fits, and keeps a copy of the rest.
  void send(const wire::Frame& frame, std::span<const std::byte> payload);
  void add_bulk(BulkSend& bulk);
  void forget(BulkSend& bulk);

  // Moves on what waits, helps with copies, reports bulk sends that are through. True if anything
  // moved.
  bool flush(Receiver& receiver);
  bool idle() const { return queue_.empty() && bulks_.empty() && offers_.empty(); }
  bool frames_waiting() const { return !queue_.empty(); }
  std::size_t frame_bytes_waiting() const { return queue_bytes_; }
  bool has_bulk() const { return !bulks_.empty(); }

  // Before a sleep: asks to be woken when there is room, and tells whether flush could move
  // something already.
  bool ready_after_asking();

  // Whether records were shown since the last call: their receiver may have to be woken.
  bool take_shown() { return std::exchange(shown_, false); }

  // What of the cost is this way's: all but waking the receiver.
  const Counters& counters() const { return counters_; }

  // The receiver reads no more; it has claimed what cannot be.
  bool cut() const;
  bool broken() const { return ring_.broken(); }

  // Forgets everything; bulk sends are unlinked, not reported, and not touched any more.
  void clear();

 private:
  // What is left of a frame.
  struct Queued {
    std::vector<std::byte> header;  // empty once it is in the ring
    std::vector<std::byte> payload;
    std::size_t sent = 0;
    std::size_t bytes = 0;  // when it was put here
  };
  // A part of a payload that the receiver may fetch.
  struct Offer {
    BulkSend* bulk = nullptr;  // null: forgotten
    std::span<const std::byte> part;
    std::size_t slot = 0;
    std::uint8_t turn = 0;
    bool withdrawn = false;
  };

  void put(std::byte* at, std::span<const std::byte> payload);
  bool write(Queued& frame);
  std::size_t write_payload(std::span<const std::byte> payload);
  wire::EncodedHeader encode(const wire::Frame& frame);
  bool flush_queue();
  bool flush_offers(Receiver& receiver);
  bool flush_bulks(Receiver& receiver);
  bool may_offer();
  bool offer(std::span<const std::byte> part, BulkSend& bulk);
  bool copy_segment(BulkSend& bulk);
  bool help(const Offer& offer);
  void settle(const Offer& offer);
  void next_bulk();

  Window window_;
  std::byte* pair_;
  std::byte* peer_page_;
  bool single_copy_;
  std::function<bool()> lives_;
  RingWriter ring_;
  std::optional<wire::Envelope> previous_;
  std::deque<Queued> queue_;
  std::size_t queue_bytes_ = 0;  // that were put there and are not all gone
  bool shown_ = false;
  Counters counters_;

  BulkQueue bulks_;
  BulkSend* posting_ = nullptr;  // the first that is not offered whole
  std::size_t posted_ = 0;       // how far it is
  std::deque<Offer> offers_;     // in the order of the ring
  std::size_t offered_bytes_ = 0;
  std::uint8_t next_turn_ = 1;
  std::optional<std::optional<Neighbour>> neighbour_;  // looked for once
};

}  // namespace prun::transport::shm
