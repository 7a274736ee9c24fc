#include "launcher/ssh/login_reply.hpp"

#include "launcher/ssh/ssh_command.hpp"
#include "runtime/bootstrap/control_frame.hpp"

namespace prun::ssh {
namespace {

// The greeting up to its number.
std::string_view greeting_stem() {
  const auto greeting = bootstrap::agent_greeting;
  return greeting.substr(0, greeting.rfind(' ') + 1);
}

}  // namespace

LoginReply::State LoginReply::feed(std::span<const std::byte> bytes) {
  // Never looks further than the limit, however much arrives at once; what follows the greeting is
  // kept whole.
  seen_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());

  std::size_t at = 0;
  if (path_.empty()) path_ = std::string(line_behind(shell_marker, at));
  const std::size_t greeting = seen_.find(bootstrap::agent_greeting);
  if (greeting != std::string::npos && greeting <= most_noise_bytes) {
    rest_at_ = greeting + bootstrap::agent_greeting.size();
    return State::greeted;
  }
  if (greeted_by_another()) return State::other_version;
  if (const auto where = line_behind(missing_marker, at); !where.empty()) {
    detail_ = std::string(where);
    return State::missing;
  }
  if (const auto where = line_behind(broken_marker, at); !where.empty()) {
    detail_ = seen_.substr(at + broken_marker.size());
    while (detail_.ends_with('\n')) detail_.pop_back();
    return State::broken;
  }
  return seen_.size() > most_noise_bytes ? State::too_much_noise : State::waiting;
}

std::span<const std::byte> LoginReply::rest() const {
  return std::as_bytes(std::span(seen_)).subspan(rest_at_);
}

std::string LoginReply::noise() const {
  std::size_t end = seen_.size();
  for (const auto marker : {shell_marker, missing_marker, broken_marker, greeting_stem()}) {
    end = std::min(end, seen_.find(marker));
  }
  return seen_.substr(0, end);
}

// A greeting line with another number, alone on its line: noise may hold words like ours.
bool LoginReply::greeted_by_another() {
  const std::string_view stem = greeting_stem();
  for (std::size_t at = seen_.find(stem); at < most_noise_bytes; at = seen_.find(stem, at + 1)) {
    const std::size_t number = at + stem.size();
    const std::size_t end = seen_.find_first_not_of("0123456789", number);
    if (end == std::string::npos || end == number || seen_[end] != '\n') continue;
    detail_ = seen_.substr(at + 1, end - at - 1);
    return true;
  }
  return false;
}

// The whole line behind the first such marker, empty if it is not complete.
std::string_view LoginReply::line_behind(std::string_view marker, std::size_t& at) const {
  at = seen_.find(marker);
  if (at == std::string::npos || at > most_noise_bytes) return {};
  const std::string_view line = std::string_view(seen_).substr(at + marker.size());
  const std::size_t end = line.find('\n');
  return end == std::string_view::npos ? std::string_view() : line.substr(0, end);
}

}  // namespace prun::ssh
