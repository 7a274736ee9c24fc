#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

namespace prun::hang {

// Ranks of which each waits for the next, and the last for the first; of several circles a small one,
// its lowest rank first. Empty if there is none. A wait that any of several ranks could end is
// part of none.
std::vector<std::uint32_t> find_cycle(const JobFacts& facts);

// "each of these ranks waits for the next: 0 -> 1 -> 2 -> 0"; empty for none.
std::string cycle_text(const std::vector<std::uint32_t>& cycle);

}  // namespace prun::hang
