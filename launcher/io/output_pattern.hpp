#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace prun::io {

// What the marks of a pattern stand for.
struct PatternPlace {
  std::uint32_t rank = 0;
  std::uint32_t host_index = 0;
  std::string_view host;
};

// %r the rank, %h its host, %p the number of its host, %g 0 (there is one group), %% a percent
// sign. %t, the time, becomes a mark for fill_time(); anything else stays as it is.
std::string expand_pattern(std::string_view pattern, const PatternPlace& place);

// Puts the local time of day, "14:03:07.123", in the place of each mark.
std::string fill_time(std::string_view pattern, std::chrono::system_clock::time_point now);

}  // namespace prun::io
