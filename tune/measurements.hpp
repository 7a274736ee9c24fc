#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <prun/prun.hpp>

namespace prun::tune {

struct Buffers;

// One collective to try: by its name as the library knows it, on so many bytes (the data, one
// rank's block, or, of a reduce_scatter, all parts together).
struct Trial {
  std::string_view operation;
  Buffers (*prepare)(const Communicator& comm, std::size_t bytes);
  void (*run)(const Communicator& comm, Buffers& with);  // once
};

// In the order in which they are shown.
std::span<const Trial> trials();

// Seconds that the slowest rank takes, the middle of several tries; on every rank the same. A
// barrier stands between two tries. Throws std::runtime_error if wrong data came of one.
double measure(const Communicator& comm, const Trial& trial, std::size_t bytes);

}  // namespace prun::tune
