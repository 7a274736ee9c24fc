#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "runtime/transport/shm/shm_copy.hpp"
#include "runtime/transport/shm/shm_ring.hpp"
#include "runtime/transport/shm/shm_segment.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::transport::shm {

// The way from one other rank of the host to this one: records in, frames up. Whatever the sender
// does to the memory between them, nothing is read or written outside the ring and the places that
// the receiver gave. Owned by its link; one thread.
class Incoming {
 public:
  struct End {
    bool orderly = false;
    std::string cause;
  };

  // Tells the sender, too, whether this process can read its memory.
  Incoming(Window window, std::uint32_t ring_bytes, WorldRank peer, std::byte* peer_page,
           bool single_copy, std::function<bool()> lives);

  // Takes in one record, or goes on with a copy. True if there was anything.
  bool receive(Receiver& receiver);
  bool pending() const;

  // The payload under way has no place any more.
  void discard();
  // Nothing more is read, and the sender is told so.
  void cut();

  // Set once nothing more will come: the sender said bye, or broke the rules.
  const std::optional<End>& end() const { return end_; }

  // Whether the sender waits for something that happened since the last call.
  bool take_news() { return std::exchange(news_, false); }
  // Before a sleep: what was read is shown to the sender.
  void show_taken() { news_ |= ring_.show_taken(true); }

 private:
  void on_frame(std::span<const std::byte> content, Receiver& receiver);
  void on_more(std::span<const std::byte> content, Receiver& receiver);
  void on_remote(std::span<const std::byte> content, Receiver& receiver);
  std::optional<std::size_t> read_header(std::span<const std::byte> content);
  bool begin(Receiver& receiver);
  void take_payload(std::span<const std::byte> bytes);
  void done(Receiver& receiver);
  void copy(Receiver& receiver);
  bool fetch(std::uint32_t piece);
  void finish_copy(Receiver& receiver);
  void revoke();
  void lie(const std::string& what);
  void break_off(const std::string& cause);

  Window window_;
  std::byte* pair_;
  WorldRank peer_;
  std::function<bool()> lives_;
  RingReader ring_;
  std::optional<Neighbour> neighbour_;
  bool news_ = false;
  std::optional<End> end_;

  // Where in the sequence of frames reading stands.
  wire::Frame eager_;  // the last eager one: the short form repeats its envelope
  bool had_eager_ = false;
  wire::Frame other_;
  const wire::Frame* frame_ = nullptr;  // the one under way
  std::byte* place_ = nullptr;
  std::uint64_t left_ = 0;

  // A payload that is being fetched.
  struct Copy {
    CopySlot slot;
    std::uint8_t turn = 0;
    std::uint64_t from = 0;
    std::size_t bytes = 0;
    std::uint32_t claimed = 0;  // pieces, by us
    bool revoked = false;       // finished before its time
  };
  std::optional<Copy> copy_;
};

}  // namespace prun::transport::shm
