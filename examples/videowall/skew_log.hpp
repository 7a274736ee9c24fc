#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "messages.hpp"

namespace wall {

// How far apart the screens were over the time: a log of all samples, and its plot (--report). Rank 0
// has it. Samples of the same instant belong together; the skew of an instant is the distance of
// the screen farthest ahead from the one farthest behind.
class SkewLog {
 public:
  // Writes beside `plot`, which ends in .svg or .png, a log of the same name ending in .csv. Throws
  // std::runtime_error when it cannot be written.
  SkewLog(std::string plot, std::vector<std::string> hosts);

  void add(int rank, const Sample& sample);

  // Draws the plot with gnuplot. Empty, or why there is none.
  std::string draw();

  const std::string& log() const { return log_name_; }

 private:
  std::string plot_;
  std::string log_name_;
  std::vector<std::string> hosts_;
  std::ofstream log_;
  std::int64_t first_ns_ = 0;
};

// What gnuplot is told.
std::string gnuplot_script(const std::string& log, const std::string& plot,
                           const std::vector<std::string>& hosts);

}  // namespace wall
