#pragma once

#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

namespace prun::hang {

// What every rank does, ranks that do the same in one line, and of very many not all. Then what is
// found, see findings.hpp. Lines without an end.
std::vector<std::string> report(const JobFacts& facts, const std::vector<std::string>& findings);

}  // namespace prun::hang
