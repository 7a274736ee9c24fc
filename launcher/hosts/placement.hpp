#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

// One program of a job and where it is wanted.
struct PlacedProgram {
  std::vector<Host> hosts;  // empty: those of the first program; nobody's: this machine
  PlacementRequest request;
};

// In which order places are taken.
enum class PlacementOrder : std::uint8_t {
  by_slot,  // all of a host, then the next
  by_host,  // one on each host, then round again
};

// What holds for all programs of a job.
struct PlacementRules {
  PlacementOrder order = PlacementOrder::by_slot;
  bool oversubscribe = true;  // false: more ranks than places is a failure
  std::string own_name;       // of this machine, where no host is named
  std::uint32_t own_cores = 1;
};

// Which rank runs where.
struct Placement {
  std::vector<Host> hosts;  // each machine that got a rank, once, in the order first named
  std::vector<std::uint32_t> host_of_rank;     // index into hosts; its length is the job's size
  std::vector<std::uint32_t> program_of_rank;  // index into the programs
  bool local = false;  // no host was named: hosts holds this machine, and nobody needs to look
};

// The ranks of the first program come first, then those of the second, and so on.
//
// Repeats of a host add up (`-H a,a` is two slots on a). Without -n: one rank per slot, or
// `per_host` on each host, or, with no host named at all, one rank. With -n and counted slots each
// host takes its slots in turn, then round again; without counts ranks go round robin over the
// hosts. `per_host` stands in for the slots of every host. A program that shares the hosts of the
// first goes on where the one before it stopped, unless it has a `per_host` of its own. A host that
// gets no rank is left out, nobody logs in there. Never refuses for want of slots, unless the rules
// say so.
core::Result<Placement> place(const std::vector<PlacedProgram>& programs,
                              const PlacementRules& rules);

}  // namespace prun::hosts
