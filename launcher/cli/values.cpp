#include "launcher/cli/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <csignal>

#include "launcher/hosts/number.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::cli {
namespace {

using core::Failure;
using core::Result;

// Below, a loaded network alone would be taken for a dead host.
constexpr std::chrono::milliseconds shortest_node_timeout{500};
constexpr double longest_wait_seconds = 10.0 * 366 * 24 * 3600;

struct NamedSignal {
  std::string_view name;
  int number;
};

// Those that a process can hear and that do not belong to prun's own work.
constexpr NamedSignal named_signals[] = {
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2},   {"TSTP", SIGTSTP}, {"CONT", SIGCONT},
    {"QUIT", SIGQUIT}, {"WINCH", SIGWINCH}, {"URG", SIGURG},   {"ALRM", SIGALRM},
    {"IO", SIGIO},     {"TTIN", SIGTTIN},   {"TTOU", SIGTTOU}, {"PWR", SIGPWR},
};

std::optional<int> signal_of(std::string_view word) {
  const auto number = hosts::parse_number(word);
  std::string name(word);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (const auto& known : named_signals) {
    if (known.name == name || (number && *number == static_cast<std::uint32_t>(known.number)))
      return known.number;
  }
  return std::nullopt;
}

}  // namespace

Result<std::uint32_t> count_of(const std::string& text, const std::string& option,
                               std::string_view what) {
  const auto number = hosts::parse_number(text);
  if (!number || *number == 0 || *number > wire::max_ranks) {
    return Failure{Errc::invalid_argument,
                   fmt::format("{0}: '{1}' is not a number of {3} from 1 to {2}; for example: "
                               "{0} 4",
                               option, text, wire::max_ranks, what)};
  }
  return *number;
}

Result<core::PortRange> ports_of(const std::string& text, const std::string& option) {
  constexpr std::uint32_t last_port = 65535;
  const auto between = text.find_first_of("-:");
  const auto first = hosts::parse_number(text.substr(0, between));
  const auto last = between == text.npos ? first : hosts::parse_number(text.substr(between + 1));
  if (!first || !last || *first == 0 || *last > last_port || *last < *first) {
    return Failure{
        Errc::invalid_argument,
        fmt::format("{}: '{}' is not a range of ports from 1 to {}; for example: {}", option, text,
                    last_port, option.starts_with('-') ? option + " 5000-5100" : "5000:5100")};
  }
  return core::PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

Result<std::chrono::milliseconds> seconds_of(const std::string& text, const std::string& option) {
  double seconds = 0;
  // "60s" is what people write who know other tools.
  const char* const end =
      text.data() + text.size() - (text.size() > 1 && text.back() == 's' ? 1 : 0);
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || !(seconds > 0) || seconds > longest_wait_seconds) {
    return Failure{Errc::invalid_argument,
                   fmt::format("{0}: '{1}' is not a time in seconds above 0; for example: {0} 90 "
                               "or {0} 0.5",
                               option, text)};
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

Result<std::optional<std::chrono::milliseconds>> node_timeout_of(const std::string& text,
                                                                 const std::string& option) {
  using Timeout = std::optional<std::chrono::milliseconds>;
  if (text == "0" || text == "0s") return Timeout();
  const auto time = seconds_of(text, option);
  if (!time.ok()) return time.failure();
  if (time.value() < shortest_node_timeout) {
    return Failure{Errc::invalid_argument,
                   fmt::format("{0}: '{1}' is less than any network takes; at least 0.5, or 0 for "
                               "never",
                               option, text)};
  }
  return Timeout(time.value());
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    if (end != 0 && !text.empty()) parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

Result<std::vector<int>> signals_of(const std::string& text, const std::string& option) {
  if (lower(text) == "none") return std::vector<int>();
  std::vector<int> numbers;
  for (const auto& word : parts_of(text, ',')) {
    const auto number = signal_of(word);
    if (!number) {
      return Failure{Errc::invalid_argument,
                     fmt::format("{0}: '{1}' is no signal that can be passed on; for example: {0} "
                                 "WINCH,URG, or {0} none",
                                 option, word)};
    }
    numbers.push_back(*number);
  }
  if (numbers.empty()) {
    return Failure{Errc::invalid_argument,
                   fmt::format("{0}: no signal is named; for example: {0} WINCH,URG", option)};
  }
  return numbers;
}

}  // namespace prun::cli
