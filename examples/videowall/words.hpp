#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wall {

// A command line taken apart at its spaces; '...' and "..." keep spaces, a backslash the character
// behind it. Throws std::invalid_argument when a quote is not closed or there is no word.
std::vector<std::string> split_words(std::string_view line);

// Whether a program of that name can be started here: the path itself, or one in PATH.
bool can_start(const std::string& program);

// "1:02:03.5", "2:03" or "90": hours, minutes and seconds. Throws std::invalid_argument.
double parse_duration(std::string_view text);

// The other way round, to a tenth of a second: "1:02:03.5", "2:03.0".
std::string duration_text(double seconds);

}  // namespace wall
