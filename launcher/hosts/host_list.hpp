#pragma once

#include <string_view>
#include <vector>

#include "launcher/hosts/host.hpp"
#include "runtime/core/result.hpp"

namespace prun::hosts {

// The hosts of a text as -H takes it, in order, repeats kept (place() adds them up). Entries are
// separated by commas, blanks or line ends, so that -H "$(cat file)" works; a comma inside brackets
// belongs to a range. An entry is
//
//   rpi1  rpi1:4  pi@rpi1  pi@rpi1:4  rpi[1-4]  pi@rpi[01-16,20]:2  [fe80::1%eth0]:2
//   ssh://pi@rpi1:2222
//
// The number after a plain host is a count of ranks; after an ssh:// host it is the port. An IPv6
// address is stored without its brackets, everything else exactly as typed. The failure names the
// entry and what it should look like.
core::Result<std::vector<Host>> parse_host_list(std::string_view text);

// True for a numeric IPv4 or IPv6 address without brackets.
bool is_address(std::string_view word);

// A user name, and a host name or address, that ssh can be given: never empty, never able to pass
// for an option.
bool is_user_name(std::string_view word);
bool is_host_name(std::string_view word);

}  // namespace prun::hosts
