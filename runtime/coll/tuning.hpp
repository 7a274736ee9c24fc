#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "runtime/coll/cost.hpp"
#include "runtime/coll/operation.hpp"

namespace prun::coll {

// What may be set about collectives; the same on every rank of a job. A plain value.
struct Tuning {
  // By index_of(operation): the algorithm to use wherever it fits, or empty.
  std::array<std::string, operation_count> forced;
  // Of every pipelined algorithm; otherwise the model says.
  std::optional<std::size_t> segment_bytes;
  // What the links are like; otherwise they are measured when a choice depends on it.
  std::optional<LinkModel> links;
  // Above it a message asks first; see p2p::Limits.
  std::size_t eager_bytes = std::size_t{16} << 10;
};

}  // namespace prun::coll
