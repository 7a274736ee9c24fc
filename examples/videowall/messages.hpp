#pragma once

#include <cstdint>

#include "layout.hpp"

// What the ranks of the wall tell one another. All of it goes between rank 0 and one other, nothing
// is collective once it plays: who is lost holds up nobody, and who comes late is told what all
// others know.
namespace wall {

enum Tag : int {
  hello_tag = 1,  // to rank 0: here I am, int32
  part_tag,       // from it: a Part
  output_tag,     // from it: the name of the output, string
  lengths_tag,    // to it: the length of each film on this host, vector<double>
  programme_tag,  // from it: the length that counts for each, vector<double>
  ready_tag,      // to it: the first picture stands, int32
  cue_tag,        // from it: a Cue
  stop_tag,       // from it: all ends now, int32
  meet_tag,       // from it: the time, int64, at which all call Environment::restore
  sample_tag,     // to it: vector<Sample>
  done_tag,       // to it: this screen has played to the end, int32
  // To it from each screen that plays, when all have met: it may be another start of rank 0.
  known_programme_tag,  // as programme_tag
  known_cue_tag,        // and the newest cue it was told, a Cue
  // Between any two, for a screen that was started again.
  film_wanted_tag,  // to one that may have it: a FilmWanted
  film_found_tag,   // from it: a FilmVersion
  film_piece_tag,   // and what it has from there on, vector<char>
  // Between any two, when all have met without rank 0.
  idle_tag,  // this screen shows nothing, int32
};

// What a screen shows: its View and how its film lies in the wall. Like those below it has no gaps on
// any processor.
struct Part {
  double x, y, width, height;  // View::tile
  double wall_aspect;
  std::int32_t rotation;
  std::int32_t reserved;
};

// A piece of a film that the asking rank has to play.
struct FilmWanted {
  std::int32_t number;  // in its list
  std::int32_t reserved;
  std::int64_t offset;
};

// How one screen was doing at one time.
struct Sample {
  std::int64_t at_ns;  // of the clock of the job
  double position;     // of the programme, seconds
  float error_ms;      // of the player: positive if it is ahead
  float speed;
  float clock_error_us;  // bound of the error of this host's clock
  std::int32_t dropped_frames;
  std::int32_t replaced;  // players so far
  std::int32_t playing;   // 0: it stands still, and error_ms means nothing
};

inline Part part_of(const View& view) {
  return {view.tile.x,
          view.tile.y,
          view.tile.width,
          view.tile.height,
          view.wall_aspect,
          view.rotation,
          0};
}
inline View view_of(const Part& part) {
  return {{part.x, part.y, part.width, part.height}, part.wall_aspect, part.rotation};
}

}  // namespace wall
