#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "runtime/coll/operation.hpp"
#include "runtime/coll/team.hpp"

namespace prun::coll {

// One line of the table by which algorithms are chosen: for teams of at least so many ranks and
// messages of at most so many bytes (see message_bytes), this one.
struct Row {
  Operation operation;
  int ranks_from;
  std::size_t bytes_up_to;
  std::string_view algorithm;
};

inline constexpr std::size_t any_bytes = std::numeric_limits<std::size_t>::max();

// The table that holds where nobody says otherwise.
std::span<const Row> default_rows();

// What may be set about collectives; the same on every rank of a job. A plain value; who makes it
// from the environment keeps the rows alive.
struct Tuning {
  // By index_of(operation): the algorithm to use wherever it fits, or empty.
  std::array<std::string, operation_count> forced;
  std::size_t segment_bytes = default_segment_bytes;
  std::span<const Row> rows = default_rows();
};

}  // namespace prun::coll
