#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace prun::coll {

enum class Operation : std::uint8_t {
  barrier,
  bcast,
  gather,
  scatter,
  allgather,
  reduce,
  allreduce,
  reduce_scatter,
  alltoall,
  scan,
  exscan,
};

inline constexpr std::size_t operation_count = 11;

// By the number of the operation; also what a user writes who names an algorithm.
inline constexpr std::array<std::string_view, operation_count> operation_names = {
    "barrier",   "bcast",          "gather",   "scatter", "allgather", "reduce",
    "allreduce", "reduce_scatter", "alltoall", "scan",    "exscan"};

constexpr std::size_t index_of(Operation operation) {
  return static_cast<std::size_t>(operation);
}

constexpr std::string_view name_of(Operation operation) {
  return operation_names[index_of(operation)];
}

}  // namespace prun::coll
