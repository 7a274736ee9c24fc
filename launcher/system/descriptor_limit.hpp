#pragma once

#include <sys/resource.h>

#include <optional>

namespace prun::system {

// Lets this process have as many descriptors as the system allows it: four for each rank add up.
// Answers the limits as they were, for the children; a program that uses select() must not get
// numbers beyond 1023 unasked.
std::optional<rlimit> raise_descriptor_limit();

}  // namespace prun::system
