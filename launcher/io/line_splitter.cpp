#include "launcher/io/line_splitter.hpp"

#include <utility>

namespace prun::io {

std::string LineSplitter::feed(std::string_view bytes, bool pass_on) {
  const auto last = bytes.rfind('\n');
  std::string block;
  if (last != bytes.npos) {
    block = take_rest();
    block += bytes.substr(0, last + 1);
    bytes.remove_prefix(last + 1);
    pass_on = false;
  }
  rest_ += bytes;
  if (pass_on || rest_.size() > limit_) block += take_rest();
  return block;
}

std::string LineSplitter::take_rest() {
  return std::exchange(rest_, std::string());
}

}  // namespace prun::io
