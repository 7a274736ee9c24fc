#pragma once

#include <string>
#include <vector>

#include "messages.hpp"
#include "programme.hpp"

namespace wall {

// One line of --status.
struct ScreenStatus {
  std::string host;
  const char* condition;  // "playing", "paused", "lost" ...
  Sample sample;          // the last; where condition is "playing" it counts
};
std::string status_line(int rank, const ScreenStatus& screen);

// Where the wall is: "round 2 of 100, film 1 of 3, 0:12.4 of 3:05.0".
std::string place_line(const Programme& programme, Seconds position);

}  // namespace wall
