#include "runtime/clock/local_clock.hpp"

#include <charconv>
#include <cmath>
#include <ctime>
#include <system_error>

namespace prun::clock {
namespace {

constexpr Nanoseconds second = 1'000'000'000;
constexpr double most_seconds = 1000;
constexpr double most_parts_per_million = 500;

std::optional<double> parse_number(std::string_view text, double most) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || read != end || !(std::fabs(value) <= most)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Skew> parse_skew(std::string_view text, std::string_view host) {
  Skew found;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(entry.size() < text.size() ? entry.size() + 1 : entry.size());
    const std::size_t equals = entry.find('=');
    const std::size_t slash = entry.rfind('/');
    if (equals == std::string_view::npos || slash == std::string_view::npos || slash < equals)
      return std::nullopt;
    const auto seconds = parse_number(entry.substr(equals + 1, slash - equals - 1), most_seconds);
    const auto millionths = parse_number(entry.substr(slash + 1), most_parts_per_million);
    if (!seconds || !millionths) return std::nullopt;
    if (entry.substr(0, equals) != host) continue;
    found = {static_cast<Nanoseconds>(*seconds * static_cast<double>(second)),
             static_cast<std::int32_t>(*millionths * 1000)};
  }
  return found;
}

Nanoseconds LocalClock::skewed(Nanoseconds system) const {
  // In two parts, or 64 bits would not hold the product.
  const Nanoseconds drift = system / second * skew_.parts_per_billion +
                            system % second * skew_.parts_per_billion / second;
  return system + skew_.offset + drift;
}

Nanoseconds LocalClock::system_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<Nanoseconds>(now.tv_sec) * second + now.tv_nsec;
}

}  // namespace prun::clock
