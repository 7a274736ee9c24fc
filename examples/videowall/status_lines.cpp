#include "status_lines.hpp"

#include <array>
#include <cstdio>

#include "words.hpp"

namespace wall {

std::string status_line(int rank, const ScreenStatus& screen) {
  std::array<char, 200> text;
  const Sample& sample = screen.sample;
  if (sample.playing != 0) {
    std::snprintf(text.data(), text.size(),
                  "%3d %-12.40s %+8.1f ms  speed %.4f  %d dropped  clock within %.0f us%s", rank,
                  screen.host.c_str(), static_cast<double>(sample.error_ms),
                  static_cast<double>(sample.speed), sample.dropped_frames,
                  static_cast<double>(sample.clock_error_us),
                  sample.replaced == 0 ? "" : "  player replaced");
  } else {
    std::snprintf(text.data(), text.size(), "%3d %-12.40s %s", rank, screen.host.c_str(),
                  screen.condition);
  }
  return text.data();
}

std::string place_line(const Programme& programme, Seconds position) {
  const Programme::Place place = programme.at(position);
  return "round " + std::to_string(place.round + 1) + " of " + std::to_string(programme.rounds()) +
         ", film " + std::to_string(place.film + 1) + " of " +
         std::to_string(programme.films().size()) + ", " + duration_text(place.position.count()) +
         " of " + duration_text(programme.films()[place.film].count());
}

}  // namespace wall
