#pragma once

#include <optional>
#include <vector>

#include "runtime/coll/cost.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"

// What the links of a team are like, found out by its members together.
namespace prun::coll {

// What one member has found of each class of pairs, or knows from before.
struct LinkFindings {
  std::optional<Link> between_hosts;
  std::optional<Link> within_host;
};

// Measures on every member and lets all agree; `links` is the outcome, the same everywhere. `known`
// is what this member knows from before: if that covers everything on all members, nothing is
// measured. What was agreed goes back there. Both outlive the task.
//
// First member of each host pairs with that of another, all at once, then the first two of each
// host with each other. A pair sends a small message to and fro, and then more and more at once
// both ways. A few ms at 100 Mbit/s: see docs/collectives.md.
Task measure_links(Team any_type, LinkFindings* known, LinkModel* links);

// The part of it that every member goes through alike: the latency in the middle, the least speed.
LinkModel agree(const std::vector<LinkFindings>& of_all);

}  // namespace prun::coll
