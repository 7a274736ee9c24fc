#pragma once

#include "runtime/bootstrap/hang_messages.hpp"

namespace prun::detail {

class World;

// Adds to the answer what this rank knows beside the wait it is in: its communicators and the
// collectives it has entered, messages that nobody has received, what it has exchanged with whom.
void describe(World& world, bootstrap::RankState& state);

}  // namespace prun::detail
