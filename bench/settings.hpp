#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/bound.hpp"
#include "bench/pattern.hpp"

namespace CLI {
class App;
}

namespace prun::bench {

// What the command line says, of all benchmark programs.
struct Settings {
  std::vector<std::string> operations;
  std::vector<std::uint64_t> bytes;  // empty: each operation's own choice
  std::uint64_t iterations = 0;      // 0: as many as fit into budget_seconds
  double budget_seconds = 1.0;       // of one measurement, warm-up not counted
  std::size_t window = 64;
  Payload payload = Payload::random;
  Link link;
  bool json = false;
  bool list_operations = false;
};

// Adds the options to a program's own. What they fill must outlive the app.
void add_options(CLI::App& app, Settings& settings);

}  // namespace prun::bench
