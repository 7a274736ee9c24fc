#include "launcher/io/labeler.hpp"

#include <algorithm>

namespace prun::io {

std::string label_lines(std::string_view block, std::string_view label, bool begins_line) {
  if (label.empty()) return std::string(block);
  std::string labelled;
  const auto lines = static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
  labelled.reserve(block.size() + (lines + 1) * label.size());
  while (!block.empty()) {
    if (begins_line) labelled += label;
    const auto end = block.find('\n');
    const auto length = end == block.npos ? block.size() : end + 1;
    labelled += block.substr(0, length);
    block.remove_prefix(length);
    begins_line = true;
  }
  return labelled;
}

}  // namespace prun::io
