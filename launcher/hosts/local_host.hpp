#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "launcher/hosts/host.hpp"

namespace prun::hosts {

// What has to be known about the machine prun runs on to recognise it in a host list. A plain
// value.
struct ThisMachine {
  std::string host_name;               // as the kernel has it
  std::string user;                    // who runs prun
  std::vector<std::string> addresses;  // of its own interfaces, numeric, loopback included
};

// Asks the kernel. Never blocks on a network.
ThisMachine describe_this_machine();

// The numeric addresses of a name; empty when it has none. May be called from several threads at
// once.
using Resolve = std::function<std::vector<std::string>(const std::string& name)>;

// getaddrinfo. Blocks for seconds where a name server does not answer.
std::vector<std::string> resolve_name(const std::string& name);

// True if the host is this machine under some name: its own name (short, or ending in .local),
// localhost, a loopback address, an address of one of its interfaces, or a name that resolves to
// one of those. False where a port or another user was asked for: localhost:2222 may be a tunnel to
// elsewhere, and another user's ranks need a login. `resolve` is only asked when nothing cheaper
// decides.
bool is_this_machine(const Host& host, const ThisMachine& machine, const Resolve& resolve);

// The same for a whole list, names resolved side by side. A host whose name is not resolved when
// `limit` is over counts as another machine: ssh will find out and say more. Lookups still under
// way then are left to end by themselves.
std::vector<bool> which_are_this_machine(const std::vector<Host>& hosts, const ThisMachine& machine,
                                         const Resolve& resolve, std::chrono::milliseconds limit);

// What a lookup has told of a host.
struct HostLookup {
  bool is_this_machine = false;
  std::vector<std::string> addresses;  // empty where its name was not resolved in time
};

// The same, and with the addresses of all names, also where they are not needed for that.
std::vector<HostLookup> look_up(const std::vector<Host>& hosts, const ThisMachine& machine,
                                const Resolve& resolve, std::chrono::milliseconds limit);

}  // namespace prun::hosts
