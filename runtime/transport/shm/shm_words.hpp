#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// Words of a shared segment: 32 bits, little-endian as every processor prun runs on, each alone and
// atomic. No struct of ours lies in the segment, so that 32-bit and 64-bit ranks agree on it.
// docs/wire_format.md has the offsets.
namespace prun::transport::shm {

inline constexpr std::size_t line_bytes = 64;  // what a cache moves between cores at once

using Word = std::atomic_ref<std::uint32_t>;
static_assert(Word::is_always_lock_free && Word::required_alignment == 4);

inline Word word(std::byte* at) {
  return Word(*static_cast<std::uint32_t*>(static_cast<void*>(at)));
}

// A number of 64 bits as two words, low one first. Not atomic as a whole: it is written before the
// word that tells of it.
inline void store_wide(std::byte* at, std::uint64_t value) {
  word(at).store(static_cast<std::uint32_t>(value), std::memory_order_relaxed);
  word(at + 4).store(static_cast<std::uint32_t>(value >> 32), std::memory_order_relaxed);
}
inline std::uint64_t load_wide(std::byte* at) {
  return word(at).load(std::memory_order_relaxed) |
         std::uint64_t{word(at + 4).load(std::memory_order_relaxed)} << 32;
}

// The page of a rank, written by it unless said otherwise.
namespace rank_page {
inline constexpr std::size_t state = 0;
inline constexpr std::size_t process = 4;
inline constexpr std::size_t bell_bytes = 8;
inline constexpr std::size_t bell_name = 16;
inline constexpr std::size_t most_bell_bytes = 48;
inline constexpr std::size_t attention = 64;  // counted up by others, who then want to be looked at
inline constexpr std::size_t sleeping = 128;  // cleared by whoever wakes it
inline constexpr std::size_t covers = 132;    // its sleep fences others, see SleepFence
inline constexpr std::size_t token_address = 192;
inline constexpr std::size_t token = 200;
inline constexpr std::size_t token_bytes = 16;
inline constexpr std::size_t knocks = 256;  // a bit for each rank that has begun to send to it
}  // namespace rank_page

enum class RankState : std::uint32_t { absent = 0, here = 1, left = 2 };

// The page before the ring of a pair.
namespace pair_page {
inline constexpr std::size_t taken = 0;         // by the receiver: how far it has read
inline constexpr std::size_t cut = 64;          // by the receiver: it reads no more
inline constexpr std::size_t reach = 68;        // by the receiver: can it read the sender's memory?
inline constexpr std::size_t wants_room = 128;  // by the sender; cleared by the receiver
inline constexpr std::size_t copies = 256;      // see shm_copy.hpp
inline constexpr std::size_t ring = 4096;
}  // namespace pair_page

enum class Reach : std::uint32_t { unknown = 0, yes = 1, no = 2 };

}  // namespace prun::transport::shm
