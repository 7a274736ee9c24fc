#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace prun::hosts {

// The value of a word that is digits and nothing else, or nothing if it is not or does not fit.
inline std::optional<std::uint32_t> parse_number(std::string_view word) {
  std::uint32_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace prun::hosts
