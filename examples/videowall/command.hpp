#pragma once

#include <optional>
#include <string>

#include "programme.hpp"
#include "timeline.hpp"

namespace wall {

// What can be typed where prun was started.
struct Command {
  enum class Kind { pause, play, toggle, seek, seek_by, next, stop };
  Kind kind;
  Seconds seconds{};  // of seek and seek_by
};

// "pause", "play", "next", "stop", "seek 1:30", "seek +10", "seek -10", the empty line (pause or go on). Throws
// std::invalid_argument that says what there is.
Command parse_command(const std::string& line);

// What a command makes of the wall as it stands; nothing where it changes nothing, or is stop. What
// is changed is changed at `soon` if every screen can show it without looking for a place, else at
// `later`.
std::optional<Cue> cue_for(const Command& command, const Timeline& timeline,
                           const Programme& programme, Time soon, Time later);

}  // namespace wall
