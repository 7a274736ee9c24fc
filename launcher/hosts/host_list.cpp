#include "launcher/hosts/host_list.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <limits>

#include "launcher/hosts/host_range.hpp"
#include "launcher/hosts/number.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::hosts {
namespace {

using core::Failure;
using core::Result;

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view ssh_scheme = "ssh://";

Failure bad(std::string_view entry, const std::string& what) {
  return Failure{Errc::invalid_argument, fmt::format("host '{}': {}", entry, what)};
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_made_of(std::string_view word, std::string_view also) {
  return std::all_of(word.begin(), word.end(),
                     [also](char c) { return is_plain(c) || also.find(c) != also.npos; });
}

// The pieces of one entry before any of them is believed.
struct Pieces {
  std::string_view user;
  bool has_user = false;
  std::string_view name;    // may be a range
  bool is_literal = false;  // name is an IPv6 address taken out of its brackets
  std::string_view number;  // behind the last colon
  bool has_number = false;
};

Result<Pieces> take_apart(std::string_view entry, std::string_view text) {
  Pieces pieces;
  if (const auto at = text.rfind('@'); at != text.npos) {
    pieces.user = text.substr(0, at);
    pieces.has_user = true;
    text.remove_prefix(at + 1);
  }
  const auto close = text.find(']');
  if (!text.empty() && text.front() == '[' && close != text.npos &&
      text.substr(1, close - 1).find(':') != text.npos) {
    pieces.name = text.substr(1, close - 1);
    pieces.is_literal = true;
    text.remove_prefix(close + 1);
    if (text.empty()) return pieces;
    if (text.front() != ':') return bad(entry, "after ']' only a colon and a number may follow");
    pieces.number = text.substr(1);
    pieces.has_number = true;
    return pieces;
  }
  if (is_address(text) && text.find(':') != text.npos) {
    return bad(entry, fmt::format("an IPv6 address must stand in brackets: [{}]", text));
  }
  const auto bracket = text.rfind(']');
  const auto colon = text.find(':', bracket == text.npos ? 0 : bracket);
  pieces.name = text.substr(0, colon);
  if (colon != text.npos) {
    pieces.number = text.substr(colon + 1);
    pieces.has_number = true;
  }
  return pieces;
}

Result<core::Done> set_number(std::string_view entry, const Pieces& pieces, bool is_port,
                              Host& host) {
  if (!pieces.has_number) return core::Done{};
  const auto number = parse_number(pieces.number);

  if (is_port) {
    if (!number || *number == 0 || *number > std::numeric_limits<std::uint16_t>::max()) {
      return bad(entry, fmt::format("'{}' is not a port; write for example ssh://pi@rpi1:2222",
                                    pieces.number));
    }
    host.port = static_cast<std::uint16_t>(*number);
    return core::Done{};
  }

  if (number && *number == 0) {
    return bad(
        entry,
        "a count of 0 would leave the host without ranks; leave the host out, or write 1 or more");
  }
  if (!number || *number > wire::max_ranks) {
    return bad(
        entry,
        fmt::format("'{}' is not a count of ranks from 1 to {}; write for example {}:4",
                    pieces.number, wire::max_ranks, pieces.name.empty() ? "rpi1" : pieces.name));
  }
  host.slots = *number;
  host.slots_given = true;
  return core::Done{};
}

Result<std::vector<Host>> parse_entry(std::string_view entry) {
  std::string_view text = entry;
  const bool is_url = text.substr(0, ssh_scheme.size()) == ssh_scheme;
  if (is_url) {
    text.remove_prefix(ssh_scheme.size());
    if (!text.empty() && text.back() == '/') text.remove_suffix(1);
  }
  const auto taken = take_apart(entry, text);
  if (!taken) return taken.failure();
  const Pieces& pieces = taken.value();

  if (pieces.has_user && !is_user_name(pieces.user)) {
    return bad(entry, fmt::format("'{}' before the @ is not a user name; write for example pi@rpi1",
                                  pieces.user));
  }
  if (pieces.name.empty())
    return bad(entry, "the name of the host is missing; write for example rpi1 or pi@rpi1:4");

  Host host;
  host.user = pieces.user;
  const auto numbered = set_number(entry, pieces, is_url, host);
  if (!numbered) return numbered.failure();

  auto names = pieces.is_literal ? std::vector<std::string>{std::string(pieces.name)}
                                 : expand_range(pieces.name);
  if (!names) return names.failure();
  std::vector<Host> hosts;
  hosts.reserve(names.value().size());
  for (auto& name : names.value()) {
    if (pieces.is_literal ? !is_address(name) : !is_host_name(name)) {
      return bad(
          entry,
          "'" + name +
              "' is not a host name or address; write for example rpi1, pi@rpi1 or 192.168.0.101");
    }
    host.name = std::move(name);
    hosts.push_back(host);
  }
  return hosts;
}

// Takes the first entry off `rest` and says whether a comma stood behind it.
std::string_view take_entry(std::string_view& rest, bool& comma_follows) {
  std::size_t depth = 0;
  std::size_t length = 0;
  for (; length < rest.size(); ++length) {
    const char c = rest[length];
    if (c == '[') ++depth;
    if (c == ']' && depth > 0) --depth;
    if (depth == 0 && (c == ',' || blanks.find(c) != blanks.npos)) break;
  }
  const std::string_view entry = rest.substr(0, length);
  rest.remove_prefix(length);
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  comma_follows = !rest.empty() && rest.front() == ',';
  if (comma_follows) {
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  }
  return entry;
}

}  // namespace

bool is_address(std::string_view word) {
  if (word.find('\0') != word.npos) return false;  // inet_pton would look no further
  in6_addr room{};
  const auto percent = word.find('%');
  const std::string text(word.substr(0, percent));
  if (percent == word.npos && inet_pton(AF_INET, text.c_str(), &room) == 1) return true;
  if (inet_pton(AF_INET6, text.c_str(), &room) != 1) return false;
  return percent == word.npos || is_made_of(word.substr(percent + 1), "._-");
}

bool is_user_name(std::string_view word) {
  return !word.empty() && word.front() != '-' && is_made_of(word, "._-+@");
}

// Narrow on purpose: the name reaches ssh, and through ssh_config's %h possibly a shell.
bool is_host_name(std::string_view word) {
  return !word.empty() && word.front() != '-' && is_made_of(word, "._-");
}

Result<std::vector<Host>> parse_host_list(std::string_view text) {
  std::vector<Host> hosts;
  std::string_view rest = text;
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  if (rest.empty())
    return Failure{Errc::invalid_argument, "the host list is empty; write for example rpi1,rpi2"};
  bool more = true;
  for (std::size_t index = 1; more || !rest.empty(); ++index) {
    const std::string_view entry = take_entry(rest, more);
    if (entry.empty()) {
      return Failure{
          Errc::invalid_argument,
          fmt::format("host list '{}': entry {} is empty; there is a comma too many", text, index)};
    }
    auto parsed = parse_entry(entry);
    if (!parsed) return parsed.failure();
    if (hosts.size() + parsed.value().size() > max_hosts_named) {
      return Failure{Errc::invalid_argument,
                     fmt::format("the host list names more than {} hosts", max_hosts_named)};
    }
    hosts.insert(hosts.end(), parsed.value().begin(), parsed.value().end());
  }
  return hosts;
}

}  // namespace prun::hosts
