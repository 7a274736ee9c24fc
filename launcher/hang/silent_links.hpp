#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

// Ranks that do not reach each other although both answer prun: something between their hosts swallows
// what they send, and TCP goes on trying for a quarter of an hour. Pure functions.
namespace prun::hang {

struct SilentPair {
  std::uint32_t rank = 0;  // whose data nobody confirms
  std::uint32_t peer = 0;
  std::chrono::milliseconds silence{0};
};

// The pair that has been silent longest, at least for so long, of those that have both answered.
std::optional<SilentPair> find_silent_pair(const JobFacts& facts, std::chrono::milliseconds limit);

// "nothing that rank 1 on rpi2 sends to rank 2 on rpi3 has been confirmed for 31 s, ...".
std::string silent_pair_text(const JobFacts& facts, const SilentPair& pair);

// That of the longest, for a report.
std::vector<std::string> find_silent(const JobFacts& facts);

}  // namespace prun::hang
