#include "launcher/job/rank_output.hpp"

#include <unistd.h>

#include <cerrno>

namespace prun::job {

void RankOutput::take(std::uint32_t host, std::uint32_t rank, std::uint8_t stream, std::span<const std::byte> data) {
  auto& line = partial_[{rank, stream}];
  line.append(reinterpret_cast<const char*>(data.data()), data.size());
  const std::size_t end = line.rfind('\n');
  if (end != std::string::npos) {
    write(stream, line.substr(0, end + 1));
    line.erase(0, end + 1);
  }
  on_written_(host, data.size());
}

void RankOutput::end_of(std::uint32_t rank) {
  for (const std::uint8_t stream : {std::uint8_t{1}, std::uint8_t{2}}) {
    auto& line = partial_[{rank, stream}];
    if (!line.empty()) write(stream, line);
    line.clear();
  }
}

void RankOutput::own_line(const std::string& text) { write(2, "prun: " + text + "\n"); }

void RankOutput::write(int fd, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t put = ::write(fd, text.data() + at, text.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      on_broken_();
      return;
    }
    at += static_cast<std::size_t>(put);
  }
}

}  // namespace prun::job
