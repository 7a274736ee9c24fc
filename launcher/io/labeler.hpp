#pragma once

#include <string>
#include <string_view>

namespace prun::io {

// The block with the label before each line that begins in it. `begins_line` says whether its first
// byte does.
std::string label_lines(std::string_view block, std::string_view label, bool begins_line);

}  // namespace prun::io
