#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace prun::io {

// The numbers are those of a descriptor and of the control messages.
enum class Stream : std::uint8_t { out = 1, err = 2 };

// Bytes on their way to prun's own standard output or error.
struct OutputChunk {
  Stream stream = Stream::out;
  std::uint32_t source = 0;  // the rank it came from
  std::size_t credit = 0;    // bytes of that rank that are settled once this is written
  std::string bytes;         // may be empty: then only the credit counts
};

// Runs a function on the owner's thread, soon and in the order given. Called from other threads.
using Executor = std::function<void(std::function<void()>)>;

}  // namespace prun::io
