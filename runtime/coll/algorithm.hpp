#pragma once

#include <span>
#include <string_view>

#include "runtime/coll/arguments.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"

namespace prun::coll {

// One way of doing one collective. Each stands in a file of its own, which opens with its steps,
// its bytes, its cost in latency a, time per byte b and n ranks, and its source.
template <class Arguments>
struct Algorithm {
  std::string_view name;  // as the selector's table and the environment name it: "binomial"
  // Whether it gives a right result here: commutative operations only, equal blocks only, ...
  bool (*fits)(const Team& team, const Arguments& arguments);
  Task (*run)(Team team, Arguments arguments);
};

// For `fits` of an algorithm without restrictions.
template <class Arguments>
bool always(const Team&, const Arguments&) {
  return true;
}

}  // namespace prun::coll
