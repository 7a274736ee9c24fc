#pragma once

#include <span>
#include <string_view>

#include "runtime/coll/arguments.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"

namespace prun::coll {

// One way of doing one collective. Each stands in a file of its own, which opens with its steps,
// its bytes, its cost in latency a, time per byte b and n ranks, and its source. It gives a right
// result for any number of ranks from 1, any root, and no bytes at all.
template <class Arguments>
struct Algorithm {
  std::string_view name;  // as the selector's table and the environment name it: "binomial"
  // Whether it gives a right result here: commutative operations only, equal blocks only, ... The
  // answer is the same on every member.
  bool (*fits)(const Team& team, const Arguments& arguments);
  Task (*run)(Team team, Arguments arguments);
};

// For `fits` of an algorithm without restrictions.
template <class Arguments>
bool always(const Team&, const Arguments&) {
  return true;
}

// For `fits` of an algorithm that combines contributions in another order than that of the ranks.
template <class Arguments>
bool commutative(const Team&, const Arguments& arguments) {
  return arguments.op.commutative;
}

// For `fits` of an algorithm whose members must know the size of every block.
template <class Arguments>
bool equal_blocks(const Team&, const Arguments& arguments) {
  return arguments.uniform;
}

// The algorithms of an operation, in algorithms.cpp of the operation's folder. At least one fits
// always.
template <class Arguments>
std::span<const Algorithm<Arguments>> algorithms();

template <>
std::span<const Algorithm<BarrierArguments>> algorithms();
template <>
std::span<const Algorithm<BcastArguments>> algorithms();
template <>
std::span<const Algorithm<GatherArguments>> algorithms();
template <>
std::span<const Algorithm<ScatterArguments>> algorithms();
template <>
std::span<const Algorithm<AllgatherArguments>> algorithms();
template <>
std::span<const Algorithm<ReduceArguments>> algorithms();
template <>
std::span<const Algorithm<AllreduceArguments>> algorithms();
template <>
std::span<const Algorithm<ReduceScatterArguments>> algorithms();
template <>
std::span<const Algorithm<AlltoallArguments>> algorithms();
template <>
std::span<const Algorithm<ScanArguments>> algorithms();
template <>
std::span<const Algorithm<ExscanArguments>> algorithms();

}  // namespace prun::coll
