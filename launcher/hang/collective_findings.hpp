#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "launcher/hang/facts.hpp"

namespace prun::hang {

// A communicator as several ranks tell of it: its context, and its members, because groups of one
// split share a context.
using CommunicatorKey = std::pair<std::uint32_t, std::vector<std::uint32_t>>;

// What each rank that has answered says of each communicator.
using Communicators =
    std::map<CommunicatorKey, std::map<std::uint32_t, const bootstrap::CommunicatorState*>>;
Communicators communicators_of(const JobFacts& facts);

// The collective that this rank is asleep in, or null. Of several the first.
const bootstrap::AwaitedOperation* awaited_collective(const RankFacts& rank);

// For each communicator the first call in which its members disagree.
std::vector<std::string> find_disagreements(const JobFacts& facts);
// For each communicator who has not entered the collective that others are in.
std::vector<std::string> find_absent(const JobFacts& facts);

}  // namespace prun::hang
