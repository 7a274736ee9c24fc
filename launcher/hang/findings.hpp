#pragma once

#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

namespace prun::hang {

// Why the ranks wait, as far as it can be told from what they say, in sentences, the most telling
// first: collectives that members have entered in different order or with different roots, counts or
// types; messages that a receive would take but for tag, sender or communicator; sends to oneself;
// collectives that some have not entered; a circle of ranks that wait for each other. Pure.
std::vector<std::string> find_causes(const JobFacts& facts);

}  // namespace prun::hang
