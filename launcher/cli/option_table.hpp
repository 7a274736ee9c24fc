#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace prun::cli {

// The topics of the help, the man page and the table.
enum class Topic : std::uint8_t { places, supply, display, limits, network, settings, about };

std::string_view title_of(Topic topic);

// What a value is, for whoever completes it.
enum class ValueKind : std::uint8_t { none, number, text, hosts, file, folder, program, words };

// How far an option reaches.
enum class Reach : std::uint8_t {
  job,      // all of the command line, wherever it stands
  program,  // the program it stands before
};

// One option of prun, whatever its spellings. What the help, the man page, shell completion and
// settings files know of options comes from here.
struct Option {
  std::string_view name;  // what the parser calls it: "--ranks"
  Topic topic;
  Reach reach;
  ValueKind kind;
  std::string_view usage;    // as the man page shows it: "-n N"
  std::string_view example;  // of its value, for the message of an option that came without
  std::string_view words;    // of ValueKind::words: those that may be completed, by blanks
  std::string_view text;     // whole sentences
};

std::span<const Option> option_table();

const Option* find_option(std::string_view name);

// A spelling as it is typed: one dash before a letter, two before a word.
std::string as_typed(std::string_view written);

}  // namespace prun::cli
