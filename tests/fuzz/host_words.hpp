#pragma once

#include <vector>

#include "launcher/hosts/host_list.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

// What every list of hosts promises, wherever it comes from: words that ssh can be given.
inline void check_hosts(const std::vector<hosts::Host>& list) {
  for (const hosts::Host& host : list) {
    require(hosts::is_host_name(host.name) || hosts::is_address(host.name),
            "a host has a name or an address");
    require(host.name.front() != '-' && host.name.find('\0') == std::string::npos,
            "a host never passes for an option");
    require(host.user.empty() || hosts::is_user_name(host.user), "a user has a name");
  }
}

}  // namespace prun::fuzz
