#include "options.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <system_error>

#include "film_name.hpp"
#include "layout_file.hpp"
#include "player.hpp"
#include "words.hpp"

namespace wall {
namespace {

constexpr double day = 24 * 3600;

// An argument is sound when `use` takes it; what it throws otherwise is the explanation.
template <class Use>
CLI::Validator sound(Use use) {
  return CLI::Validator(
      [use](std::string& argument) -> std::string {
        try {
          use(argument);
          return {};
        } catch (const std::invalid_argument& error) {
          return error.what();
        }
      },
      "");
}

void check_sound(const std::string& who) {
  int rank = 0;
  const auto [end, error] = std::from_chars(who.data(), who.data() + who.size(), rank);
  const bool is_rank = error == std::errc() && end == who.data() + who.size() && rank >= 0;
  if (!is_rank && who != "all" && who != "none") {
    throw std::invalid_argument("'" + who + "' is none of: a rank, all, none");
  }
}

void check_report(const std::string& file) {
  if (!file.ends_with(".svg") && !file.ends_with(".png")) {
    throw std::invalid_argument("'" + file + "' ends neither in .svg nor in .png");
  }
}

}  // namespace

void describe(CLI::App& app, Options& options) {
  app.add_option("film", options.films, "films, played one behind the other over all screens");
  app.add_option("--files", options.files,
                 "instead a film for each screen: %n is the rank counted from 1, %r from 0, %h the "
                 "host")
      ->check(sound([](const std::string& pattern) { film_name(pattern, 0, ""); }));
  app.add_option("--grid", options.grid, "columns x rows of the wall, such as 2x2")
      ->check(sound([](const std::string& text) {
        grid_layout(parse_size(text), {1, 1}, {});
      }));
  app.add_option("--screen", options.screen, "size of a screen's visible picture, in any unit")
      ->capture_default_str()
      ->check(sound([](const std::string& text) { parse_size(text); }));
  app.add_option("--bezel", options.bezel,
                 "what lies between two pictures, across x down, in the unit of --screen")
      ->capture_default_str()
      ->check(sound([](const std::string& text) { parse_size(text, true); }));
  app.add_option("--layout", options.layout, "a file that says where each screen hangs");
  app.add_option("--loop", options.rounds, "how often to play")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--start-at", options.start_at, "start when it is HH:MM or HH:MM:SS")
      ->check(sound([](const std::string& text) { seconds_until(text, 0); }));
  app.add_option("--player", options.player, "mpv with options, or null, which shows nothing")
      ->capture_default_str()
      ->check(sound([](const std::string& line) { parse_player(line); }));
  app.add_option("--display", options.display,
                 "X display to play on; otherwise what each host has, or no X at all");
  app.add_option("--sound", options.sound, "the rank that is heard, all, or none")
      ->capture_default_str()
      ->check(sound(check_sound));
  app.add_flag("--status", options.status, "how each screen does, every second");
  app.add_option("--report", options.report,
                 "a plot, .svg or .png, of how exact it was, and a .csv beside it")
      ->check(sound(check_report));
}

void check_together(const Options& options) {
  if (options.films.empty() == options.files.empty()) {
    throw std::invalid_argument(
        "name either films, played over all screens, or --files, one for each");
  }
  const bool has_grid = !options.grid.empty() || options.bezel != "0x0";
  if (!options.files.empty() && (has_grid || !options.layout.empty())) {
    throw std::invalid_argument(
        "with --files each screen shows a whole film: no --grid, --bezel, --layout");
  }
  if (!options.layout.empty() && has_grid) {
    throw std::invalid_argument("--layout says all that --grid and --bezel say");
  }
}

std::vector<std::string> films_of(const Options& options, int rank, const std::string& host) {
  if (!options.films.empty()) return options.films;
  return {film_name(options.files, rank, host)};
}

Layout layout_of(const Options& options, std::size_t ranks) {
  if (!options.layout.empty()) return read_layout(options.layout);
  const Size grid = options.grid.empty() ? usual_grid(ranks) : parse_size(options.grid);
  return grid_layout(grid, parse_size(options.screen), parse_size(options.bezel, true));
}

bool has_sound(const Options& options, int rank) {
  return options.sound == "all" || options.sound == std::to_string(rank);
}

double seconds_until(const std::string& time_of_day, double now) {
  // parse_duration reads HH:MM as minutes and seconds.
  const bool has_seconds = time_of_day.find(':') != time_of_day.rfind(':');
  const double time = parse_duration(time_of_day) * (has_seconds ? 1 : 60);
  if (time_of_day.find(':') == std::string::npos || time >= day) {
    throw std::invalid_argument("'" + time_of_day +
                                "' is no time of day such as 20:15 or 20:15:30");
  }
  return std::fmod(time - now + day, day);
}

}  // namespace wall
