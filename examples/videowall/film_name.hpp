#pragma once

#include <string>

namespace wall {

// The name of the film of one screen: `pattern` with %r replaced by the rank, %n by the rank
// counted from 1, %h by the host, %% by %. Throws std::invalid_argument for anything else after %.
std::string film_name(const std::string& pattern, int rank, const std::string& host);

}  // namespace wall
