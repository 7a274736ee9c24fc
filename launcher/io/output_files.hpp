#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "launcher/io/line_splitter.hpp"
#include "launcher/io/output_chunk.hpp"
#include "runtime/core/result.hpp"

namespace prun::io {

// Writes what ranks print to files, as it came. Streams and ranks with the same name share a file,
// line by line. Owns the descriptors; one thread, which waits for the disk.
class OutputFiles {
 public:
  OutputFiles() = default;
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  // The stream of that rank goes there from now on. Makes the folders on the way, and empties the
  // file unless it is open already.
  core::Status open(std::uint32_t rank, Stream stream, const std::string& path);

  bool has(std::uint32_t rank, Stream stream) const;
  core::Status write(std::uint32_t rank, Stream stream, std::string_view bytes);
  // The stream is over: its last line goes out, finished or not.
  core::Status end(std::uint32_t rank, Stream stream);

 private:
  struct Lane {
    std::string path;
    LineSplitter splitter;
  };

  core::Status write_to(const std::string& path, std::string_view bytes);

  std::map<std::pair<std::uint32_t, Stream>, Lane> lanes_;
  std::map<std::string, int> descriptors_;
};

}  // namespace prun::io
