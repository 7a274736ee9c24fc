#pragma once

#include <prun/prun.hpp>
#include <string>

// Each kills ranks at chosen points, and those that are left check what docs/failures.md promises.
// Collective over all ranks.
namespace prun::test {

// point_to_point.cpp
void point_to_point(const Communicator& world);
void waiting(const Communicator& world);
void from_any(const Communicator& world);
void nobody_left(const Communicator& world);
void several(const Communicator& world);
void farm(const Communicator& world);

// collectives.cpp
void in_collectives(const Communicator& world, const std::string& which);
void non_blocking(const Communicator& world);

// survivors.cpp
void one_after_the_other(const Communicator& world);
void at_once(const Communicator& world);
void meanwhile(const Communicator& world);
void chain(const Communicator& world);
void without_loss(const Communicator& world);
void undisturbed(const Communicator& world);
void until_lost(const Communicator& world);
void until_broken(const Communicator& world, bool goes_on);

// at_random.cpp
void at_random(const Communicator& world, unsigned seed);

}  // namespace prun::test
