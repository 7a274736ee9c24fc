#pragma once

#include <cstddef>
#include <cstdint>

// Every length that a peer may state is held against one of these before arithmetic or allocation.
namespace prun::wire {

inline constexpr std::uint16_t control_protocol_version = 5;  // launcher, agent, rank
inline constexpr std::uint16_t data_protocol_version = 3;     // rank to rank

inline constexpr std::size_t max_control_frame_bytes = 16u << 20;
inline constexpr std::size_t max_ranks = 1u << 16;
inline constexpr std::size_t max_hosts = 1u << 14;
inline constexpr std::size_t max_string_bytes = 1u << 20;
inline constexpr std::size_t max_list_entries = 1u << 16;
inline constexpr std::size_t output_chunk_bytes = 32u << 10;

inline constexpr std::uint64_t max_eager_bytes = 1u << 20;         // payload of one eager frame
inline constexpr std::uint64_t max_data_segment_bytes = 1u << 20;  // payload of one data frame
// Of one compressed data frame: its payload before compression, and how far that refers back.
inline constexpr std::uint64_t max_lz4_segment_bytes = 64u << 10;
inline constexpr std::uint64_t max_lz4_history_bytes = 64u << 10;
inline constexpr std::uint64_t max_message_bytes = std::uint64_t{1} << 46;

}  // namespace prun::wire
