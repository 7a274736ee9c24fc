#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/core/result.hpp"

namespace prun::hosts {

// How many hosts one range, and one list or file of hosts, may name: a slip such as rpi[1-40000] is
// told, not tried.
inline constexpr std::size_t max_hosts_named = 4096;

// Every name that a pattern stands for, in order: "rpi[1-3]" is rpi1 rpi2 rpi3, "rpi[01-10,20]"
// keeps the zeros, "n[1-2]x[1-2]" is all four. A pattern without brackets is itself. The failure
// says what is wrong with the pattern.
core::Result<std::vector<std::string>> expand_range(std::string_view pattern);

}  // namespace prun::hosts
