#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace prun::cli {

// The candidate most like a mistyped word, or an empty string if none is like it. Case does not
// matter; swapped neighbours, a missing, a wrong and an extra letter each count as one slip, and a
// third of the word may be slips.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace prun::cli
