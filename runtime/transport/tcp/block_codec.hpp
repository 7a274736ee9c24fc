#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

// LZ4 for the segments of a large payload: blocks that may refer back to the bytes in front of them,
// which sender and receiver both have in place in the message itself. Blocks of 16 KiB of English
// prose shrink to 57 % each by itself, to 48 % with that history.
namespace prun::transport {

// How far back a block may refer: LZ4's own bound.
inline constexpr std::size_t block_history_bytes = 64u << 10;

inline constexpr std::size_t largest_block_bytes = 16u << 10;
// What a block may grow to that does not shrink.
inline constexpr std::size_t largest_packed_bytes =
    largest_block_bytes + largest_block_bytes / 255 + 16;

// How hard the compressor tries. Both make the same kind of block. On one x86-64 core, English prose
// in blocks of 16 KiB: fast 450 MB/s to 48 %, thorough 70 MB/s to 37 %.
enum class Effort : std::uint8_t { fast, thorough };

// Compresses successive blocks of one buffer. Holds 16 KiB of tables (fast) or 256 KiB (thorough).
// Owned by a SegmentPacker; one thread. Between blocks it points into the buffer: `reset` before that
// goes away.
class BlockCompressor {
 public:
  explicit BlockCompressor(Effort effort);
  ~BlockCompressor();

  Effort effort() const { return effort_; }

  // Makes ready for a block that may refer to the `history` bytes in front of it. Nothing to do
  // where the last one ended there; otherwise that history is read in.
  void prepare(const std::byte* block, std::size_t history);

  // Compresses the block that was prepared for, at most `largest_block_bytes`. The bytes written to
  // `out`, or nothing if there was no memory for the tables.
  std::optional<std::size_t> compress(std::span<const std::byte> block, std::span<std::byte> out);

  // Forgets the buffer.
  void reset() { end_ = nullptr; }

 private:
  struct Tables;
  Effort effort_;
  std::unique_ptr<Tables> tables_;
  const std::byte* end_ = nullptr;  // of the last block or the history; null: prepare anew
};

// The block of `length` bytes that `packed` stands for, written to `block`; it may refer to the
// `history` bytes in front of that. False, with anything in the block, if it is no such block: reads
// and writes stay within these bounds whatever `packed` holds.
bool decompress_block(std::span<const std::byte> packed, std::byte* block, std::size_t length,
                      std::size_t history);

}  // namespace prun::transport
