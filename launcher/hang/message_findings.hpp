#pragma once

#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

namespace prun::hang {

// Receives whose message is there but for one thing, and sends to oneself.
std::vector<std::string> find_in_messages(const JobFacts& facts);

}  // namespace prun::hang
