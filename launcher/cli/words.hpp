#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/core/result.hpp"

namespace prun::cli {

// Splits "-p 2222 -o 'User pi'" as a shell would: blanks separate, single and double quotes and
// backslashes keep together. Nothing is expanded. Fails on a quote that is never closed.
core::Result<std::vector<std::string>> split_words(std::string_view text);

}  // namespace prun::cli
