#pragma once

#include <string>
#include <vector>

#include "runtime/bootstrap/control_messages.hpp"

namespace prun::agent {

// The addresses of this host's interfaces that are up, in the kernel's order, numeric, without the
// zones that mean something here only. An interface that has none, or is down, stands there once
// with an empty one.
std::vector<bootstrap::InterfaceAddress> own_addresses();

// A name of the network stack that this process has its sockets in, which no other in the world
// has: the kernel's boot and the namespace. Empty where the system does not tell.
std::string network_identity();

}  // namespace prun::agent
