#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "launcher/hosts/host.hpp"
#include "runtime/core/result.hpp"

namespace prun::hosts {

// How many ranks the user asked for, in whichever of the ways.
struct PlacementRequest {
  std::optional<std::uint32_t> ranks;     // -n
  std::optional<std::uint32_t> per_host;  // -N, -ppn, --pernode (1)

  bool operator==(const PlacementRequest&) const = default;
};

// Which rank runs where. `hosts` empty means: local children of prun, no SSH.
struct Placement {
  std::vector<Host> hosts;  // each machine that got a rank, once, in the order first named
  std::vector<std::uint32_t>
      host_of_rank;  // index into hosts, all 0 when local; its length is the job's size

  bool local() const { return hosts.empty(); }
};

// Repeats of a host add up (`-H a,a` is two slots on a). Without -n: one rank per slot, or
// `per_host` on each host, or, with no host named at all, one rank. With -n and counted slots each
// host takes its slots in turn, then round again; without counts ranks go round robin over the
// hosts. `per_host` stands in for the slots of every host. A host that gets no rank is left out,
// nobody logs in there. Never refuses for want of slots.
core::Result<Placement> place(const std::vector<Host>& named, const PlacementRequest& request);

}  // namespace prun::hosts
