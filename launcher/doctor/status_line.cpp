#include "launcher/doctor/status_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace prun::doctor {
namespace {

constexpr const char* erase = "\r\033[K";
constexpr std::size_t usual_columns = 80;
constexpr std::size_t most_names = 4;

std::size_t columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col : usual_columns;
}

}  // namespace

StatusLine::StatusLine() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

StatusLine::~StatusLine() {
  if (shown_) std::fputs(erase, stderr);
}

void StatusLine::say(const std::string& text) {
  if (!is_terminal_) return;
  std::fprintf(stderr, "%s%s", erase, text.substr(0, columns() - 1).c_str());
  shown_ = true;
}

std::string some_of(const std::vector<std::string>& names) {
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most_names));
  std::string text = fmt::format("{}", fmt::join(names.begin(), end, ", "));
  if (names.size() > most_names) text += fmt::format(" and {} more", names.size() - most_names);
  return text;
}

}  // namespace prun::doctor
