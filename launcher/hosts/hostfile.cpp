#include "launcher/hosts/hostfile.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "launcher/hosts/host_list.hpp"
#include "launcher/hosts/host_range.hpp"
#include "launcher/hosts/number.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::hosts {
namespace {

using core::Failure;
using core::Result;

constexpr std::size_t max_file_bytes = 4u << 20;
constexpr std::string_view blanks = " \t\r\f\v";
constexpr const char* allowed =
    "a line is HOST, HOST:N or HOST slots=N, with max_slots=N, user=NAME, port=N if needed; for "
    "example: rpi1 slots=4";

// Where an error is, for every message of a line.
struct Place {
  const std::string& file;
  std::size_t line;

  Failure bad(const std::string& what) const {
    return Failure{Errc::invalid_argument, file + ":" + std::to_string(line) + ": " + what};
  }
};

// The words of a line; blanks around an equals sign do not separate.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool joins = false;
  while (true) {
    const auto first = line.find_first_not_of(blanks);
    if (first == line.npos) return words;
    line.remove_prefix(first);
    std::size_t length = 0;
    for (std::size_t depth = 0; length < line.size(); ++length) {
      const char c = line[length];
      if (c == '[') ++depth;
      if (c == ']' && depth > 0) --depth;
      if (depth == 0 && blanks.find(c) != blanks.npos) break;
    }
    const std::string_view word = line.substr(0, length);
    if (!words.empty() && (joins || word.front() == '=')) {
      words.back() += word;
    } else {
      words.emplace_back(word);
    }
    joins = word.back() == '=';
    line.remove_prefix(length);
  }
}

// What the key=value words of a line said.
struct Settings {
  std::optional<std::uint32_t> slots;
  std::optional<std::string> user;
  std::optional<std::uint16_t> port;
};

Result<core::Done> read_setting(const Place& place, const std::string& word, Settings& settings) {
  const auto equals = word.find('=');
  const std::string key = word.substr(0, equals);
  const std::string value = equals == word.npos ? std::string() : word.substr(equals + 1);
  const auto number = parse_number(value);
  if (equals == word.npos && parse_number(word)) {
    return place.bad("'" + word + "' stands alone; for " + word + " ranks write slots=" + word +
                     " (" + allowed + ")");
  }
  if (key == "slots" || key == "max_slots" || key == "max-slots") {
    if (!number || *number == 0 || *number > wire::max_ranks) {
      return place.bad("'" + word + "' needs a number from 1 to " +
                       std::to_string(wire::max_ranks) + "; for example: rpi1 slots=4");
    }
    if (key == "slots") settings.slots = *number;
    return core::Done{};
  }
  if (key == "user") {
    if (!is_user_name(value))
      return place.bad("'" + word + "' is not a user name; for example: rpi1 user=pi");
    settings.user = value;
    return core::Done{};
  }
  if (key == "port") {
    if (!number || *number == 0 || *number > std::numeric_limits<std::uint16_t>::max()) {
      return place.bad("'" + word + "' needs a port from 1 to 65535; for example: rpi1 port=2222");
    }
    settings.port = static_cast<std::uint16_t>(*number);
    return core::Done{};
  }
  return place.bad("'" + word + "' is not understood; " + allowed);
}

// Addresses of /etc/hosts that are no machine of a cluster: loopback, multicast, "any", and the 0
// prefixes.
bool names_no_machine(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    const std::uint32_t value = ntohl(v4.s_addr);
    return (value >> 24) == 127 || (value >> 24) >= 224 || (value >> 24) == 0;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  const bool is_local_net = v6.s6_addr[0] == 0xfe && v6.s6_addr[1] == 0;  // ip6-localnet, fe00::
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_MULTICAST(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
         is_local_net;
}

// Adds the hosts of one line that holds at least one word.
Result<core::Done> read_line(const Place& place, const std::vector<std::string>& words,
                             std::vector<Host>& hosts) {
  std::size_t next = 1;
  std::vector<Host> found;
  const bool has_names = words.size() > 1 && is_host_name(words[1]) && !parse_number(words[1]);
  if (is_address(words[0]) && (has_names || words[0].find(':') != std::string::npos)) {
    while (next < words.size() && is_host_name(words[next]) && !parse_number(words[next])) ++next;
    if (has_names && names_no_machine(words[0])) return core::Done{};
    found.emplace_back();
    found.back().name = words[0];
  } else {
    auto parsed = parse_host_list(words[0]);
    if (!parsed) return place.bad(parsed.failure().text);
    found = std::move(parsed).value();
  }
  if (next < words.size() && is_host_name(words[next]) && !parse_number(words[next])) {
    return place.bad("'" + words[next] + "' is one word too many: each host has its own line; " +
                     allowed);
  }

  Settings settings;
  for (; next < words.size(); ++next) {
    const auto read = read_setting(place, words[next], settings);
    if (!read) return read.failure();
  }
  for (auto& host : found) {
    if (settings.slots && host.slots_given) {
      return place.bad("the count is given twice, behind the colon and as slots=; write it once");
    }
    if (settings.slots) {
      host.slots = *settings.slots;
      host.slots_given = true;
    }
    if (settings.user) host.user = *settings.user;
    if (settings.port) host.port = *settings.port;
    hosts.push_back(std::move(host));
  }
  if (hosts.size() > max_hosts_named) {
    return place.bad("the file names more than " + std::to_string(max_hosts_named) + " hosts");
  }
  return core::Done{};
}

Failure unreadable(const std::string& file, int error) {
  std::string what = std::strerror(error);
  if (error == ENOENT) {
    what = "there is no such file here; write one with a host name on each line, for example rpi1";
  } else if (error == EACCES) {
    what = "you have no permission to read it";
  } else if (error == EISDIR) {
    what = "it is a folder, not a file";
  }
  return Failure{Errc::invalid_argument, "hostfile '" + file + "': " + what};
}

}  // namespace

Result<std::vector<Host>> parse_hostfile(std::string_view text, const std::string& file) {
  if (text.find('\0') != text.npos) {
    return Failure{Errc::invalid_argument,
                   "hostfile '" + file +
                       "': this is no text file (it holds zero bytes); save it as plain text"};
  }
  if (text.substr(0, 3) == "\xef\xbb\xbf")
    text.remove_prefix(3);  // the mark some editors put first
  std::vector<Host> hosts;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    content = content.substr(0, content.find('#'));
    const auto words = words_of(content);
    if (words.empty()) continue;
    const auto read = read_line(Place{file, line}, words, hosts);
    if (!read) return read.failure();
  }
  if (hosts.empty()) {
    return Failure{
        Errc::invalid_argument,
        "hostfile '" + file + "' names no host; write one on each line, for example: rpi1 slots=4"};
  }
  return hosts;
}

Result<std::vector<Host>> read_hostfile(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return unreadable(file, errno);
  std::string text;
  char buffer[16384];
  int error = 0;
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error = errno;
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > max_file_bytes) error = EFBIG;
    if (error != 0) break;
  }
  ::close(descriptor);
  if (error != 0) return unreadable(file, error);
  return parse_hostfile(text, file);
}

}  // namespace prun::hosts
