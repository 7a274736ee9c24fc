#include "terminal_input.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace wall {

TerminalInput::TerminalInput() : stop_(eventfd(0, EFD_CLOEXEC)) {
  if (stop_.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  reader_ = std::thread([this] { read_all(); });
}

TerminalInput::~TerminalInput() {
  const std::uint64_t once = 1;
  if (write(stop_.get(), &once, sizeof once) == sizeof once) reader_.join();
}

std::optional<std::string> TerminalInput::next() {
  const std::lock_guard lock(guard_);
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop();
  return line;
}

void TerminalInput::read_all() {
  constexpr std::size_t longest_line = 1000;
  std::string line;
  std::array<char, 512> bytes;
  for (;;) {
    std::array<pollfd, 2> events{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    if (poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
    if (events[1].revents != 0) return;
    if (events[0].revents == 0) continue;
    const ssize_t got = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return;
    for (ssize_t i = 0; i < got; ++i) {
      const char c = bytes[static_cast<std::size_t>(i)];
      if (c != '\n') {
        if (line.size() < longest_line) line += c;
        continue;
      }
      const std::lock_guard lock(guard_);
      lines_.push(std::move(line));
      line.clear();
    }
  }
}

}  // namespace wall
