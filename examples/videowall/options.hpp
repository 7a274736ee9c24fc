#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "layout.hpp"

namespace wall {

// The command line, the same on every rank.
struct Options {
  std::vector<std::string> films;  // played one behind the other over all screens
  std::string files;               // instead: a film for each screen, see film_name
  std::string grid;                // "2x2"; empty: as usual_grid has it
  std::string screen = "16x9";     // size of each screen's picture
  std::string bezel = "0x0";       // between two pictures, in the same unit
  std::string layout;              // instead of these: a file
  std::uint64_t rounds = 100;
  std::string start_at;  // "20:15", on rank 0's host
  std::string player = "mpv";
  std::string display;
  std::string sound = "0";  // a rank, all, or none
  bool status = false;
  std::string report;
};

// `options` is filled when the App parses; checks say what is wrong with a single argument.
void describe(CLI::App& app, Options& options);
// Throws std::invalid_argument for arguments that do not go together.
void check_together(const Options& options);

// The films of one rank's screen.
std::vector<std::string> films_of(const Options& options, int rank, const std::string& host);
Layout layout_of(const Options& options, std::size_t ranks);
bool has_sound(const Options& options, int rank);

// Seconds until the clock on the wall next shows "20:15" or "20:15:30", given what it shows now in
// seconds since midnight. Throws std::invalid_argument.
double seconds_until(const std::string& time_of_day, double now);

}  // namespace wall
