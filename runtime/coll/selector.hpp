#pragma once

#include <string>

#include "runtime/coll/algorithm.hpp"
#include "runtime/coll/tuning.hpp"
#include "runtime/core/result.hpp"

// Which algorithm a call uses. Every member decides for itself, from what all members know, and so
// all decide alike.
namespace prun::coll {

// The size by which a call's algorithm is chosen: bytes of the data, of one rank's block, or, in a
// reduce_scatter, of all parts together. Where members do not know each other's sizes:
// unknown_bytes, which only a row for any_bytes covers.
inline constexpr std::size_t unknown_bytes = any_bytes;

std::size_t message_bytes(const Team& team, const BarrierArguments& arguments);
std::size_t message_bytes(const Team& team, const BcastArguments& arguments);
std::size_t message_bytes(const Team& team, const GatherArguments& arguments);
std::size_t message_bytes(const Team& team, const ScatterArguments& arguments);
std::size_t message_bytes(const Team& team, const AllgatherArguments& arguments);
std::size_t message_bytes(const Team& team, const ReduceArguments& arguments);
std::size_t message_bytes(const Team& team, const AllreduceArguments& arguments);
std::size_t message_bytes(const Team& team, const ReduceScatterArguments& arguments);
std::size_t message_bytes(const Team& team, const AlltoallArguments& arguments);
std::size_t message_bytes(const Team& team, const ScanArguments& arguments);
std::size_t message_bytes(const Team& team, const ExscanArguments& arguments);

// The algorithm of that name, or null.
template <class Arguments>
const Algorithm<Arguments>* find_algorithm(std::string_view name) {
  for (const Algorithm<Arguments>& algorithm : algorithms<Arguments>()) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

// What an unknown name of an algorithm is answered with; it lists the known ones.
core::Failure unknown_algorithm(Operation operation, std::string_view name);

// invalid_argument if a name in `forced` is none of its operation's algorithms.
core::Status check(const Tuning& tuning);

// The forced algorithm, if it fits here; else that of the first row that covers this call and
// fits; else the first that fits. A forced name that is unknown is a failure.
//
// This is the one place where the choice is made: a cost model takes the place of the loop over the
// rows.
template <class Arguments>
core::Result<const Algorithm<Arguments>*> select(const Team& team, const Arguments& arguments,
                                                 const Tuning& tuning) {
  constexpr Operation operation = Arguments::operation;
  const std::string& forced = tuning.forced[index_of(operation)];
  if (!forced.empty()) {
    const Algorithm<Arguments>* algorithm = find_algorithm<Arguments>(forced);
    if (algorithm == nullptr) return unknown_algorithm(operation, forced);
    if (algorithm->fits(team, arguments)) return algorithm;
  }
  const std::size_t bytes = message_bytes(team, arguments);
  for (const Row& row : tuning.rows) {
    if (row.operation != operation || team.size() < row.ranks_from || bytes > row.bytes_up_to)
      continue;
    const Algorithm<Arguments>* algorithm = find_algorithm<Arguments>(row.algorithm);
    PRUN_ASSERT(algorithm != nullptr);
    if (algorithm->fits(team, arguments)) return algorithm;
  }
  for (const Algorithm<Arguments>& algorithm : algorithms<Arguments>()) {
    if (algorithm.fits(team, arguments)) return &algorithm;
  }
  PRUN_ASSERT(false);
  return nullptr;
}

}  // namespace prun::coll
