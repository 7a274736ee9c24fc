#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace prun::io {

// Reads from a descriptor and takes nothing off it before it is told to, where the kind of
// descriptor allows that: files, pipes, sockets. Any other is read as usual. The descriptor stays
// the caller's. One thread.
class InputHead {
 public:
  InputHead(int descriptor, bool keeps_rest);
  ~InputHead();
  InputHead(const InputHead&) = delete;
  InputHead& operator=(const InputHead&) = delete;

  struct Read {
    std::vector<std::byte> bytes;  // empty: the end, or an error
    int error = 0;
    bool again = false;  // there was nothing after all
  };
  // What follows what was read before; `most` bytes of it at most.
  Read read(std::size_t most);

  // So much of what was read before is taken off. Never waits.
  void drop(std::size_t bytes);

  // False while only a drop() can bring more: what stands in front of a pipe would be read again.
  bool may_show_more() const { return way_ == Way::take || way_ == Way::file || shown_ == 0; }

 private:
  enum class Way : std::uint8_t { take, file, pipe, socket };

  Read take(std::size_t most);
  Read copy_of_pipe(std::size_t most);
  static Read outcome(ssize_t count, std::vector<std::byte> bytes);

  int descriptor_;
  Way way_ = Way::take;
  off_t offset_ = 0;       // of a file: the first byte that was not dropped
  std::size_t shown_ = 0;  // read and not dropped
  std::array<int, 2> copy_{-1, -1};
};

}  // namespace prun::io
