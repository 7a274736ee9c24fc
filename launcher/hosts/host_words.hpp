#pragma once

#include <string>

#include "launcher/hosts/host.hpp"

namespace prun::hosts {

// How a host is named to the user: as typed, with user and port where those were given.
std::string name_of(const Host& host);

// What -H takes for this host.
std::string as_listed(const Host& host);

// Is it the same host, logged in to in the same way? Slots do not count.
bool is_same_login(const Host& a, const Host& b);

}  // namespace prun::hosts
