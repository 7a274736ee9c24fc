#include "bench/json_line.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace prun::bench {

JsonLine& JsonLine::add_raw(std::string_view key, std::string_view value) {
  if (!members_.empty()) members_ += ", ";
  members_ += '"';
  members_ += key;
  members_ += "\": ";
  members_ += value;
  return *this;
}

JsonLine& JsonLine::add(std::string_view key, std::string_view value) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : value) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (code < 0x20) {
      quoted += "\\u00";
      quoted += hex[code >> 4];
      quoted += hex[code & 15u];
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return add_raw(key, quoted);
}

JsonLine& JsonLine::add(std::string_view key, double value) {
  if (!std::isfinite(value)) return add_raw(key, "null");
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 std::chars_format::general, 9);
  return add_raw(key, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

JsonLine& JsonLine::add(std::string_view key, std::uint64_t value) {
  return add_raw(key, std::to_string(value));
}

JsonLine& JsonLine::add(std::string_view key, bool value) {
  return add_raw(key, value ? "true" : "false");
}

}  // namespace prun::bench
