#pragma once

#include <span>
#include <string_view>

#include "runtime/coll/arguments.hpp"
#include "runtime/coll/cost.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"

namespace prun::coll {

// One way of doing one collective. Each stands in a file of its own, which opens with its steps,
// its bytes, its cost in latency a, time per byte b and n ranks, and its source. It gives a right
// result for any number of ranks from 1, any root, and no bytes at all.
template <class Arguments>
struct Algorithm {
  std::string_view name;  // as the environment names it: "binomial"
  // Whether it gives a right result here: commutative operations only, equal blocks only, ...
  bool (*fits)(const Situation& situation);
  Task (*run)(Team team, Arguments arguments);
  // What it takes, of the links that the situation tells of. Longer messages never cost less.
  Nanoseconds (*cost)(const Situation& situation);
  // Whether its data travels in segments, whose size is then chosen with it.
  bool pipelined = false;
  // Whether it is made of others, chosen when it runs.
  bool staged = false;
};

// For `fits` of an algorithm without restrictions.
inline bool always(const Situation&) {
  return true;
}

// For `fits` of an algorithm that is of no use to two ranks.
inline bool more_than_two(const Situation& situation) {
  return situation.ranks > 2;
}

// For `fits` of an algorithm that combines contributions in another order than that of the ranks.
inline bool commutative(const Situation& situation) {
  return situation.commutative;
}

// For `fits` of an algorithm whose members must know the size of every block.
inline bool equal_blocks(const Situation& situation) {
  return situation.uniform;
}

// For `fits` of an algorithm that has one member of each host speak for the others.
inline bool shared_hosts(const Situation& situation) {
  return situation.hosts > 1 && situation.per_host > 1;
}

inline bool shared_hosts_commutative(const Situation& situation) {
  return shared_hosts(situation) && situation.commutative;
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
