#include "launcher/io/output_pattern.hpp"

#include <fmt/format.h>

#include <ctime>

namespace prun::io {
namespace {

// No host has it in its name.
constexpr char time_mark = '\x01';

}  // namespace

std::string expand_pattern(std::string_view pattern, const PatternPlace& place) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char mark = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    switch (mark) {
      case 'r':
        text += std::to_string(place.rank);
        break;
      case 'h':
        text += place.host;
        break;
      case 'p':
        text += std::to_string(place.host_index);
        break;
      case 'g':
        text += '0';
        break;
      case 't':
        text += time_mark;
        break;
      case '%':
        text += '%';
        break;
      default:
        text += pattern[i];
        continue;
    }
    ++i;
  }
  return text;
}

std::string fill_time(std::string_view pattern, std::chrono::system_clock::time_point now) {
  const auto mark = pattern.find(time_mark);
  if (mark == pattern.npos) return std::string(pattern);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm day{};
  ::localtime_r(&seconds, &day);
  const std::string time =
      fmt::format("{:02}:{:02}:{:02}.{:03}", day.tm_hour, day.tm_min, day.tm_sec, milliseconds);
  return fmt::format("{}{}{}", pattern.substr(0, mark), time,
                     fill_time(pattern.substr(mark + 1), now));
}

}  // namespace prun::io
