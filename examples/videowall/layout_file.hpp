#pragma once

#include <string>

#include "layout.hpp"

namespace wall {

// Reads the text of a layout file, TOML:
//
//   [[screen]]
//   host = "rpi1"             # as named to prun
//   position = [0, 0]         # top left corner of the visible picture, say in millimetres
//   size = [510, 287]         # of the visible picture, as it hangs
//   rotation = 90             # may be left out: turned clockwise by 0, 90, 180 or 270 degrees
//   output = "HDMI-A-2"       # may be left out: a connector, or an X display such as ":0.1"
//
// Throws std::invalid_argument that names `file`, the line, and what is wrong there.
Layout parse_layout(const std::string& text, const std::string& file);
Layout read_layout(const std::string& file);

}  // namespace wall
