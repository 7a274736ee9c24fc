#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/statistics.hpp"

namespace prun::bench {

// One line of a benchmark program's output, as all of them print it.
struct Line {
  std::string implementation;
  std::string version;
  std::string operation;
  std::uint64_t bytes = 0;
  std::uint64_t ranks = 0;
  std::uint64_t hosts = 0;  // 0: not known
  std::uint64_t iterations = 0;
  std::uint64_t batch = 1;
  Summary time;
  std::optional<Summary> slowest;
  std::vector<std::pair<std::string, double>> figures;
  double bound = 0;  // seconds; 0 where none is known
  // How the library says that it does it, and how long it believes that takes; empty where it says
  // nothing.
  std::string algorithm;
  double predicted = 0;  // seconds
};

// Prints lines as they come, as JSON or as a table for people; each is out at once.
class Report {
 public:
  Report(std::ostream& out, bool json) : out_(out), json_(json) {}

  void print(const Line& line);

 private:
  void print_json(const Line& line);
  void print_row(const Line& line);

  std::ostream& out_;
  bool json_;
  std::string heading_;
};

// "12.3 us": three digits that mean something and a unit.
std::string readable_seconds(double seconds);
// "64 KiB"
std::string readable_bytes(std::uint64_t bytes);

}  // namespace prun::bench
