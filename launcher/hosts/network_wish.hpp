#pragma once

#include <string>
#include <vector>

#include "launcher/hosts/ip_address.hpp"
#include "runtime/core/result.hpp"

namespace prun::hosts {

// Which network the ranks are to use, as --iface names it: an interface (eth1), or a network in
// numbers (10.0.0.0/24). A plain value.
struct NetworkWish {
  std::string typed;
  bool is_network = false;
  IpAddress network;  // of a network
  unsigned prefix = 0;

  bool fits(const std::string& interface, const IpAddress& address) const;
};

// Wishes by commas, at least one.
core::Result<std::vector<NetworkWish>> parse_network_wishes(const std::string& text);

}  // namespace prun::hosts
