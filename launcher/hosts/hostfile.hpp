#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launcher/hosts/host.hpp"
#include "runtime/core/result.hpp"

namespace prun::hosts {

// The hosts of a hostfile, in order, repeats kept (place() adds them up). Both usual dialects, one
// host a line:
//
//   rpi1                      # a comment
//   rpi2:4
//   pi@rpi3 slots=4 max_slots=8
//   rpi[5-8] slots=2 user=pi port=2222
//   192.168.0.104 rpi4
//
// Anything that -H takes may stand first. max_slots is read and has no effect: prun never refuses
// for want of slots. A line of the /etc/hosts form, an address and then names, means that address:
// it needs no name to be resolvable. In that form loopback and multicast addresses are passed over,
// so that a copied /etc/hosts names each machine once and `127.0.0.1 localhost rpi1` names none.
//
// A failure begins with `file:line:` and gives the bad word, what is allowed and an example.
core::Result<std::vector<Host>> parse_hostfile(std::string_view text, const std::string& file);

// Reads the file and parses it. Blocks while it reads.
core::Result<std::vector<Host>> read_hostfile(const std::string& file);

}  // namespace prun::hosts
