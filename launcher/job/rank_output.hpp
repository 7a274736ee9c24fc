#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prun::job {

// What the ranks print, on its way to prun's own standard output and error by whole lines.
class RankOutput {
 public:
  using OnWritten = std::function<void(std::uint32_t host, std::size_t bytes)>;
  using OnBroken = std::function<void()>;

  RankOutput(OnWritten on_written, OnBroken on_broken)
      : on_written_(std::move(on_written)), on_broken_(std::move(on_broken)) {}

  void take(std::uint32_t host, std::uint32_t rank, std::uint8_t stream, std::span<const std::byte> data);
  void end_of(std::uint32_t rank);
  void own_line(const std::string& text);

 private:
  void write(int fd, const std::string& text);
  std::map<std::pair<std::uint32_t, std::uint8_t>, std::string> partial_;
  OnWritten on_written_;
  OnBroken on_broken_;
};

}  // namespace prun::job
