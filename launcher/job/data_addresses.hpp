#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace prun::job {

// How a host is reached, as its agent said.
struct HostReach {
  bool local = false;          // the launcher's own machine, no ssh
  std::string client_address;  // of the launcher, as this host saw it
  std::string server_address;  // of this host, as the launcher reached it
  std::string chosen = {};     // of this host, by --iface; empty: as above
};

// Where ranks accept data connections, as one host should see it.
struct DataAddresses {
  std::vector<std::string> of_host;  // by index of host
  std::string bind_address;          // for the ranks of that host itself

  bool operator==(const DataAddresses&) const = default;
};

// On the launcher's machine: also where its agent said nothing of an ssh connection, which is a
// stand-in for ssh that stays here.
bool is_here(const HostReach& host);

// A host of --iface is where that says. Otherwise a remote host is where the launcher reached it. The launcher's own machine is where the viewer's
// ssh server saw the launcher come from, so it may have another address for each viewer: then it
// listens on all of them. Where every host is this machine nothing leaves it.
DataAddresses addresses_for(std::size_t viewer, const std::vector<HostReach>& hosts);

}  // namespace prun::job
