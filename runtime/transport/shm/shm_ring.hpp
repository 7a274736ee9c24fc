#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/core/result.hpp"
#include "runtime/transport/shm/shm_words.hpp"

// A ring of records from one sender to one receiver. A record begins on a cache line with a mark,
// its kind and length in one word, which is written last and is what the receiver looks at: a small
// record costs the transfer of one line. The mark behind the newest record is always zero.
// docs/wire_format.md gives the bytes.
namespace prun::transport::shm {

enum class RecordKind : std::uint8_t {
  frame = 1,   // the header of a frame, then as much of its payload as fits
  more = 2,    // what follows of that payload
  remote = 3,  // a data header; the payload is fetched from the sender's memory
  wrap = 4,    // the next record is at the ring's beginning
};

inline constexpr std::size_t mark_bytes = 4;

// One side of a ring each; plain objects of one thread, on memory they do not own.
class RingWriter {
 public:
  RingWriter(std::byte* pair, std::uint32_t ring_bytes)
      : pair_(pair), ring_(pair + pair_page::ring), bytes_(ring_bytes) {}

  // The longest record that always fits into an empty ring.
  std::size_t most_content() const { return bytes_ / 4; }

  // Where the content of the next record goes; null while there is no room. Content is at most
  // most_content().
  std::byte* begin(std::size_t content);
  // Shows the record that begin gave room to.
  void publish(RecordKind kind, std::size_t content);

  // Whether every record that may be begun would find room.
  bool has_room() { return free_for(bytes_ / 2 + 2 * static_cast<std::uint32_t>(line_bytes)); }

  // The receiver has claimed to have read what was never written.
  bool broken() const { return broken_; }

  void want_room() { word(pair_ + pair_page::wants_room).store(1, std::memory_order_relaxed); }

 private:
  std::uint32_t offset(std::uint32_t position) const { return position & (bytes_ - 1); }
  bool free_for(std::uint32_t bytes);
  void clear(std::uint32_t position);

  std::byte* pair_;
  std::byte* ring_;
  std::uint32_t bytes_;
  std::uint32_t next_ = 0;     // counts bytes without end, as all positions do
  std::uint32_t cleared_ = 0;  // lines from next_ to this one begin with zero
  std::uint32_t taken_ = 0;    // as far as we have heard
  bool broken_ = false;
};

class RingReader {
 public:
  struct Record {
    RecordKind kind;
    std::span<const std::byte> content;
  };

  RingReader(std::byte* pair, std::uint32_t ring_bytes)
      : pair_(pair), ring_(pair + pair_page::ring), bytes_(ring_bytes) {}

  bool pending() const { return mark(next_) != 0; }

  // The next record, left in place; its bytes may still be changed by a sender that lies. A failure
  // if no sender of ours can have written it.
  core::Result<std::optional<Record>> next();
  // Done with the record that next gave.
  void consume();

  // Tells the sender how far we are, if that is much, or at all. True if it waits for that.
  bool show_taken(bool at_all);

 private:
  std::uint32_t mark(std::uint32_t position) const {
    return word(ring_ + (position & (bytes_ - 1))).load(std::memory_order_acquire);
  }

  std::byte* pair_;
  std::byte* ring_;
  std::uint32_t bytes_;
  std::uint32_t next_ = 0;
  std::uint32_t current_ = 0;  // bytes of the record that next gave
  std::uint32_t shown_ = 0;
};

}  // namespace prun::transport::shm
