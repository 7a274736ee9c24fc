#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

// What ranks do, in words. Pure functions.
namespace prun::hang {

// "rank 3", "ranks 0-2, 5"; of many not all are named. Sorted, not empty.
std::string ranks_text(const std::vector<std::uint32_t>& ranks);

// "ring.cpp:22"; empty where none is known.
std::string place_text(const bootstrap::SourcePlace& place);
// " (ring.cpp:22)", or nothing.
std::string place_in_brackets(const bootstrap::SourcePlace& place);

// "10 x int32".
std::string elements_text(std::uint64_t count, const Datatype& type);

// "the world", "communicator 3 (ranks 0-3 of the job)", as that rank knows it. The context of point
// to point.
std::string communicator_text(const bootstrap::RankState& state, std::uint32_t context);

// A rank of the job as a member of the communicator: "1", "1 (rank 3 of the job)", "any rank".
std::string peer_text(const bootstrap::RankState& state, std::uint32_t context, std::int32_t peer);

// "tag 7", "any tag".
std::string tag_text(std::int32_t tag);

// "recv from 1, tag 7 (10 x int32)", "barrier #14".
std::string operation_text(const bootstrap::RankState& state,
                           const bootstrap::AwaitedOperation& operation);

// "31 s", "1.5 s", "12 min".
std::string duration_text(std::uint64_t milliseconds);

// What a rank does, without how long: "is in recv from 1, tag 7 (int32), at ring.cpp:22",
// "computes, outside prun". `brief` leaves out what may differ from rank to rank.
std::string doing_text(const RankFacts& rank, bool brief = false);

// The communicator of that context in what the rank has told, or null.
const bootstrap::CommunicatorState* find_communicator(const bootstrap::RankState& state,
                                                      std::uint32_t context);

}  // namespace prun::hang
