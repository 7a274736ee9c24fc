#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace prun::io {

// The longest unfinished line that is kept back.
inline constexpr std::size_t max_kept_line_bytes = 64u << 10;

// Cuts one stream of one rank into whole lines. Holds at most the unfinished last line, and of that
// at most `limit` bytes. A value of one thread.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t limit = max_kept_line_bytes) : limit_(limit) {}

  // The lines that `bytes` completes, as one block that ends in a line feed; empty if there are
  // none. Once the unfinished line has outgrown the limit, all there is of it: the block then does
  // not end in a line feed. With `pass_on` what follows of an unfinished line is not kept back: its
  // beginning is already out.
  std::string feed(std::string_view bytes, bool pass_on = false);

  // The unfinished line, which is kept no longer.
  std::string take_rest();

  bool empty() const noexcept { return rest_.empty(); }

 private:
  std::size_t limit_;
  std::string rest_;  // never holds a line feed
};

}  // namespace prun::io
