#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "launcher/io/output_chunk.hpp"
#include "runtime/core/result.hpp"

namespace prun::io {

// Keeps what ranks print until all of it is shown in their order (--sort). Little of a stream stays
// in memory, the rest goes to a temporary file without a name. Owns the files; one thread, which
// waits for the disk.
class OutputSpool {
 public:
  // What of one stream stays in memory.
  static constexpr std::size_t kept_bytes = 16u << 10;

  OutputSpool() = default;
  ~OutputSpool();
  OutputSpool(const OutputSpool&) = delete;
  OutputSpool& operator=(const OutputSpool&) = delete;

  core::Status append(std::uint32_t rank, Stream stream, std::string_view bytes);

  struct Piece {
    std::uint32_t rank = 0;
    Stream stream = Stream::out;
    std::string bytes;
    bool is_last = false;  // of that stream
  };
  // The next of what was kept, rank by rank, standard output before standard error; nothing when
  // that was all. Takes it away.
  core::Result<std::optional<Piece>> take(std::size_t most);

 private:
  struct Lane {
    std::string recent;  // behind what is in the file
    int file = -1;
    std::uint64_t in_file = 0;
    std::uint64_t taken = 0;  // of the file
  };

  static core::Status write_out(Lane& lane);

  std::map<std::pair<std::uint32_t, Stream>, Lane> lanes_;
};

}  // namespace prun::io
