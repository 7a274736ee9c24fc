#include "launcher/hosts/host_range.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>

#include "launcher/hosts/number.hpp"

namespace prun::hosts {
namespace {

using core::Failure;
using core::Result;

Failure bad(std::string_view pattern, const std::string& what) {
  return Failure{Errc::invalid_argument, fmt::format("host range '{}': {}", pattern, what)};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Zeros are kept when a bound was written with them: 01-16 is two digits wide, 1-16 is not.
std::size_t padding(std::string_view bound) {
  return bound.size() > 1 && bound.front() == '0' ? bound.size() : 0;
}

std::string padded(std::uint32_t value, std::size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

// Adds what one item of a bracket, "7" or "1-4", stands for.
Result<core::Done> add_item(std::string_view pattern, std::string_view item,
                            std::vector<std::string>& names) {
  const auto dash = item.find('-');
  const std::string_view low_text = trimmed(item.substr(0, dash));
  const std::string_view high_text =
      dash == std::string_view::npos ? low_text : trimmed(item.substr(dash + 1));
  const auto low = parse_number(low_text);
  const auto high = parse_number(high_text);
  if (low_text.empty() && high_text.empty()) {
    return bad(pattern,
               "nothing stands between two of its commas or brackets; write [1-4] or [1,3,7]");
  }
  if (!low || !high) {
    return bad(pattern, fmt::format("'{}' is not a number or a span of numbers such as 1-4", item));
  }
  if (*low > *high) {
    return bad(pattern, fmt::format("'{}' runs backwards; write {}-{}", item, high_text, low_text));
  }
  if (*high - *low >= max_hosts_named - std::min(max_hosts_named, names.size())) {
    return bad(pattern, fmt::format("it names more than {} hosts", max_hosts_named));
  }
  const std::size_t width = std::max(padding(low_text), padding(high_text));
  for (std::uint32_t offset = 0; offset <= *high - *low; ++offset) {
    names.push_back(padded(*low + offset, width));
  }
  return core::Done{};
}

// Everything between one pair of brackets.
Result<std::vector<std::string>> expand_bracket(std::string_view pattern, std::string_view inside) {
  std::vector<std::string> names;
  for (;;) {
    const auto comma = inside.find(',');
    const auto added = add_item(pattern, trimmed(inside.substr(0, comma)), names);
    if (!added) return added.failure();
    if (comma == std::string_view::npos) return names;
    inside.remove_prefix(comma + 1);
  }
}

void append_to_all(std::vector<std::string>& names, std::string_view text) {
  for (auto& name : names) name += text;
}

}  // namespace

Result<std::vector<std::string>> expand_range(std::string_view pattern) {
  std::vector<std::string> names{std::string()};
  std::string_view rest = pattern;
  for (;;) {
    const auto bracket = rest.find_first_of("[]");
    append_to_all(names, rest.substr(0, bracket));
    if (bracket == std::string_view::npos) return names;
    if (rest[bracket] == ']') return bad(pattern, "a ']' has no '[' before it");
    rest.remove_prefix(bracket + 1);

    const auto close = rest.find_first_of("[]");
    if (close == std::string_view::npos) return bad(pattern, "the '[' is never closed by a ']'");
    if (rest[close] == '[') return bad(pattern, "a '[' stands inside another '['");
    auto middles = expand_bracket(pattern, rest.substr(0, close));
    if (!middles) return middles.failure();
    rest.remove_prefix(close + 1);

    if (names.size() * middles.value().size() > max_hosts_named) {
      return bad(pattern, fmt::format("it names more than {} hosts", max_hosts_named));
    }
    std::vector<std::string> longer;
    longer.reserve(names.size() * middles.value().size());
    for (const auto& name : names) {
      for (const auto& middle : middles.value()) longer.push_back(name + middle);
    }
    names = std::move(longer);
  }
}

}  // namespace prun::hosts
