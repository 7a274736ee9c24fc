#include "runtime/transport/shm/shm_ring.hpp"

#include <string>

namespace prun::transport::shm {
namespace {

constexpr std::uint32_t length_bits = 24;

std::uint32_t record_bytes(std::size_t content) {
  return static_cast<std::uint32_t>((mark_bytes + content + line_bytes - 1) & ~(line_bytes - 1));
}

std::uint32_t make_mark(RecordKind kind, std::size_t content) {
  return static_cast<std::uint32_t>(kind) << length_bits | static_cast<std::uint32_t>(content);
}

}  // namespace

// --- writing
// ---------------------------------------------------------------------------------------------------------------

bool RingWriter::free_for(std::uint32_t bytes) {
  if (bytes_ - (next_ - taken_) >= bytes) return true;
  const std::uint32_t taken = word(pair_ + pair_page::taken).load(std::memory_order_acquire);
  if (next_ - taken > bytes_) {
    broken_ = true;
    return false;
  }
  taken_ = taken;
  return bytes_ - (next_ - taken_) >= bytes;
}

void RingWriter::clear(std::uint32_t position) {
  word(ring_ + offset(position)).store(0, std::memory_order_relaxed);
  cleared_ = position;
}

std::byte* RingWriter::begin(std::size_t content) {
  const std::uint32_t needed = record_bytes(content);
  const std::uint32_t to_end = bytes_ - offset(next_);
  const bool fits = needed <= to_end;
  // Behind every record there is a line for the mark of the next one.
  const std::uint32_t line = line_bytes;
  if (!free_for((fits ? 0 : to_end) + needed + line)) return nullptr;
  if (!fits) {
    clear(next_ + to_end);
    word(ring_ + offset(next_)).store(make_mark(RecordKind::wrap, 0), std::memory_order_release);
    next_ += to_end;
  }
  return ring_ + offset(next_) + mark_bytes;
}

void RingWriter::publish(RecordKind kind, std::size_t content) {
  const std::uint32_t here = next_;
  next_ += record_bytes(content);
  if (static_cast<std::int32_t>(cleared_ - next_) < 0) clear(next_);
  word(ring_ + offset(here)).store(make_mark(kind, content), std::memory_order_release);
  // The mark behind the next record, which is most likely as short: clearing it now keeps it out of
  // the next record's way.
  if (cleared_ == next_ && bytes_ - (next_ - taken_) >= 2 * line_bytes)
    clear(next_ + static_cast<std::uint32_t>(line_bytes));
}

// --- reading
// ---------------------------------------------------------------------------------------------------------------

core::Result<std::optional<RingReader::Record>> RingReader::next() {
  for (;;) {
    const std::uint32_t found = mark(next_);
    if (found == 0) return std::optional<Record>();
    const std::uint32_t kind = found >> length_bits;
    const std::uint32_t content = found & ((1u << length_bits) - 1);
    const std::uint32_t at = next_ & (bytes_ - 1);
    if (kind == static_cast<std::uint32_t>(RecordKind::wrap) && content == 0 && at != 0) {
      next_ += bytes_ - at;
      continue;
    }
    if (kind < static_cast<std::uint32_t>(RecordKind::frame) ||
        kind > static_cast<std::uint32_t>(RecordKind::remote) ||
        record_bytes(content) > bytes_ - at) {
      return core::Failure{Errc::bad_data, "record of kind " + std::to_string(kind) + " and " +
                                               std::to_string(content) + " bytes"};
    }
    current_ = record_bytes(content);
    return std::optional(Record{static_cast<RecordKind>(kind), {ring_ + at + mark_bytes, content}});
  }
}

void RingReader::consume() {
  next_ += current_;
  current_ = 0;
}

bool RingReader::show_taken(bool at_all) {
  const std::uint32_t unshown = next_ - shown_;
  if (unshown == 0 || (!at_all && unshown < bytes_ / 8)) return false;
  shown_ = next_;
  word(pair_ + pair_page::taken).store(next_, std::memory_order_release);
  // Either the sender sees this when it looks once more before it sleeps, or we see that it wants
  // room.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  Word wants_room = word(pair_ + pair_page::wants_room);
  if (wants_room.load(std::memory_order_relaxed) == 0) return false;
  wants_room.store(0, std::memory_order_relaxed);
  return true;
}

}  // namespace prun::transport::shm
