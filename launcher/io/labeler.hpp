#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace prun::io {

// What stands before the lines of a rank under --label: "[3@rpi4] ".
std::string rank_label(std::uint32_t rank, std::string_view host);

// The block with the label before each line that begins in it. `begins_line` says whether its first
// byte does.
std::string label_lines(std::string_view block, std::string_view label, bool begins_line);

}  // namespace prun::io
