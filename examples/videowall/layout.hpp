#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wall {

// A rectangle of a plane whose y grows downwards.
struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

// One screen of the wall: its visible picture, without the frame around it.
struct Screen {
  std::string host;    // whose it is; empty: that of the rank with the screen's number
  Rectangle picture;   // where it hangs, in any unit, the same for all; as it hangs, also if turned
  int rotation = 0;    // degrees by which the screen was turned clockwise: 0, 90, 180, 270
  std::string output;  // ":0.1" (X display), "HDMI-A-2" (connector); empty: the host's own
};

// All screens of a wall.
struct Layout {
  std::vector<Screen> screens;

  Rectangle bounds() const;
};

// What one screen shows of the film.
struct View {
  Rectangle tile{0, 0, 1, 1};  // of the wall; its width and height are 1
  double wall_aspect = 0;  // width to height of the wall, frames between the screens included; 0:
                           // there is no wall, the screen shows all of a film of its own
  int rotation = 0;        // as Screen::rotation
};

struct Size {
  double width = 0;
  double height = 0;
};
// "2x2", "510x286.5". Throws std::invalid_argument unless it is two positive numbers (or, where
// `zero` is allowed, not negative ones).
Size parse_size(std::string_view text, bool zero = false);

// Screens of one size in columns and rows, dealt row by row from the top left; between the pictures
// of neighbours lies `bezel`. Throws std::invalid_argument where columns or rows are no whole
// numbers.
Layout grid_layout(Size grid, Size screen, Size bezel);
// The grid nearest to a square for so many screens, wider than high.
Size usual_grid(std::size_t screens);

View view_of(const Layout& layout, std::size_t screen);

// Which screen each rank has, given the ranks' hosts: one of its own host, where the layout names
// hosts, otherwise that of its number. Throws std::invalid_argument naming the rank or the host that
// is left over, unless every rank has a screen.
std::vector<std::size_t> deal_screens(const Layout& layout, const std::vector<std::string>& hosts);

}  // namespace wall
