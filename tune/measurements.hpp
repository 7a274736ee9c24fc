#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <prun/prun.hpp>

namespace prun::tune {

// One collective to try: by its name as the library knows it, on so many bytes (the data, one
// rank's block, or, of a reduce_scatter, all parts together).
struct Trial {
  std::string_view operation;
  void (*run)(const Communicator& comm, std::size_t bytes);  // once; checks what came of it
};

// In the order in which they are shown.
std::span<const Trial> trials();

// Seconds that the slowest rank takes, the middle of several tries; on every rank the same. A
// barrier stands between two tries.
double measure(const Communicator& comm, const Trial& trial, std::size_t bytes);

}  // namespace prun::tune
