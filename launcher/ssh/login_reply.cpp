#include "launcher/ssh/login_reply.hpp"

#include <algorithm>
#include <utility>

#include "launcher/ssh/remote_command.hpp"
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

  if (path_.empty()) path_ = std::string(line_behind(shell_marker));
  if (needed_.empty()) needed_ = std::string(line_behind(need_marker));
  const std::size_t greeting = seen_.find(bootstrap::agent_greeting);
  if (greeting != std::string::npos && greeting <= most_noise_bytes) {
    rest_at_ = greeting + bootstrap::agent_greeting.size();
    return State::greeted;
  }
  if (greeted_by_another()) return State::other_version;
  for (const auto& [marker, state] :
       {std::pair{machine_marker, State::unknown_machine},
        std::pair{no_room_marker, State::no_room}, std::pair{unsent_marker, State::unsent}}) {
    if (const auto words = line_behind(marker); !words.empty()) {
      detail_ = std::string(words);
      return state;
    }
  }
  return seen_.size() > most_noise_bytes ? State::too_much_noise : State::waiting;
}

std::span<const std::byte> LoginReply::rest() const {
  return std::as_bytes(std::span(seen_)).subspan(rest_at_);
}

std::string LoginReply::noise() const {
  std::size_t end = seen_.size();
  for (const auto marker : {shell_marker, machine_marker, no_room_marker, greeting_stem()}) {
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
std::string_view LoginReply::line_behind(std::string_view marker) const {
  const std::size_t at = seen_.find(marker);
  if (at == std::string::npos || at > most_noise_bytes) return {};
  const std::string_view line = std::string_view(seen_).substr(at + marker.size());
  const std::size_t end = line.find('\n');
  return end == std::string_view::npos ? std::string_view() : line.substr(0, end);
}

}  // namespace prun::ssh
