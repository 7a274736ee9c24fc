#include "command.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "words.hpp"

namespace wall {

Command parse_command(const std::string& line) {
  using Kind = Command::Kind;
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = line.find_first_not_of(blanks);
  if (first == std::string::npos) return {Kind::toggle};
  std::string_view words(line);
  words.remove_prefix(first);
  words = words.substr(0, words.find_last_not_of(blanks) + 1);
  const std::string_view verb = words.substr(0, words.find_first_of(blanks));
  words.remove_prefix(verb.size());
  words.remove_prefix(std::min(words.find_first_not_of(blanks), words.size()));

  if (verb == "seek" && !words.empty()) {
    const bool by = words.front() == '+' || words.front() == '-';
    const Seconds seconds(parse_duration(words.substr(by ? 1 : 0)));
    return {by ? Kind::seek_by : Kind::seek, words.front() == '-' ? -seconds : seconds};
  }
  if (words.empty()) {
    if (verb == "pause") return {Kind::pause};
    if (verb == "play") return {Kind::play};
    if (verb == "next") return {Kind::next};
    if (verb == "stop") return {Kind::stop};
  }
  throw std::invalid_argument("'" + line +
                              "' is none of: pause, play, next, stop, seek 1:30, seek +10, "
                              "seek -10, or Enter to pause and go on");
}

std::optional<Cue> cue_for(const Command& command, const Timeline& timeline,
                           const Programme& programme, Time soon, Time later) {
  using Kind = Command::Kind;
  const std::uint32_t number = timeline.newest().number + 1;
  // A cue whose time is still to come counts: its effect is what the user means to change.
  const bool playing = timeline.newest().playing != 0;
  soon = std::max(soon, time_of(timeline.newest()));
  later = std::max(later, soon);
  const auto jump = [&](Seconds position) {
    const Seconds there = std::clamp(position, Seconds{}, programme.length());
    return make_cue(number, later, there, playing);
  };
  const Seconds now = position_at(timeline.newest(), soon);
  switch (command.kind) {
    case Kind::pause:
    case Kind::play:
    case Kind::toggle: {
      const bool wanted = command.kind == Kind::toggle ? !playing : command.kind == Kind::play;
      if (wanted == playing) return std::nullopt;
      return make_cue(number, soon, now, wanted);
    }
    case Kind::seek:
      return jump(command.seconds);
    case Kind::seek_by:
      return jump(now + command.seconds);
    case Kind::next:
      return jump(programme.start_of_next(now));
    case Kind::stop:
      break;
  }
  return std::nullopt;
}

}  // namespace wall
