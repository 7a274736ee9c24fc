#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A command line taken apart at its spaces; '...' and "..." keep spaces, a backslash the character
// behind it. Throws std::invalid_argument when a quote is not closed or there is no word.
std::vector<std::string> split_words(std::string_view line);

// Whether a program of that name can be started here: the path itself, or one in PATH.
bool can_start(const std::string& program);

// How a player ended otherwise than well.
struct PlayerFailure {
  int exit_status = 0;     // as a shell gives it: 126, 127, or 128 + signal
  std::string how;         // "exited with status 3", "was killed by signal 9 (Killed)"
  std::string last_words;  // the last lines of what it wrote, whole lines each ended; may be empty
};

// Runs a player until it ends; blocks. It gets no input, and what it writes is not shown: players
// write a status line many times a second. Nothing is returned when it exits with 0.
std::optional<PlayerFailure> play(const std::vector<std::string>& command);
