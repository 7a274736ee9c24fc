#include "launcher/doctor/login_words.hpp"

#include <charconv>
#include <optional>

#include "launcher/hosts/host_list.hpp"

namespace prun::doctor {
namespace {

constexpr std::string_view debug = "debug";

std::optional<std::string_view> behind(std::string_view line, std::string_view words) {
  if (!line.starts_with(words)) return std::nullopt;
  return line.substr(words.size());
}

// "rpi2 [10.77.0.2] port 22."
void take_target(std::string_view text, HostFacts& facts) {
  const std::size_t begin = text.find('[');
  const std::size_t end = text.find(']', begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return;
  const std::string_view address = text.substr(begin + 1, end - begin - 1);
  if (!hosts::is_address(address)) return;
  facts.address = address;
  constexpr std::string_view port_word = "] port ";
  if (text.substr(end).starts_with(port_word)) {
    const std::string_view digits = text.substr(end + port_word.size());
    std::uint16_t port = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), port).ec == std::errc())
      facts.port = port;
  }
}

// "/home/pi/.ssh/id_ed25519 ED25519 SHA256:... explicit": where the key is from is no part of it.
std::string key_words(std::string_view text) {
  for (const std::string_view origin : {" explicit", " agent", " token"}) {
    while (text.ends_with(origin)) text.remove_suffix(origin.size());
  }
  return printable(text);
}

void take_line(std::string_view line, HostFacts& facts) {
  if (const auto target = behind(line, "debug1: Connecting to ")) {
    take_target(*target, facts);
  } else if (const auto host_key = behind(line, "debug1: Server host key: ")) {
    facts.host_key = printable(*host_key);
  } else if (const auto accepted = behind(line, "debug1: Server accepts key: ")) {
    facts.key = key_words(*accepted);
  }
}

template <class Use>
void each_line(std::string_view words, Use use) {
  while (!words.empty()) {
    const std::size_t end = words.find('\n');
    std::string_view line = words.substr(0, end);
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    use(line);
  }
}

// What DEBUG1 tells beyond INFO without its mark.
bool is_verbose(std::string_view line) {
  return line.starts_with(debug) || line.starts_with("OpenSSH_") ||
         line.starts_with("Authenticated to ") || line.starts_with("Transferred: ") ||
         line.starts_with("Bytes per second: ") || line.starts_with("Authenticated using ");
}

}  // namespace

void take_login_words(std::string_view words, HostFacts& facts) {
  each_line(words, [&facts](std::string_view line) { take_line(line, facts); });
}

std::string without_debug(std::string_view words) {
  std::string rest;
  each_line(words, [&rest](std::string_view line) {
    if (is_verbose(line)) return;
    rest += line;
    rest += '\n';
  });
  return rest;
}

}  // namespace prun::doctor
