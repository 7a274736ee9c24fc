#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "runtime/core/result.hpp"

namespace prun::core {

// What the environment variables say: each is read once, here, when a rank joins its job. A plain
// value.
//
//   PRUN_FD                the descriptor to the agent; taken out of the environment, so that
//                          children of the rank do not take themselves for it
//   PRUN_SPIN_US           how long a wait spins before it blocks, in microseconds; 0 never spins
//   PRUN_EAGER_BYTES       messages up to this size are sent without asking (at most 1 MiB)
//   PRUN_UNEXPECTED_BYTES  memory for large messages taken in ahead of their receive
//   PRUN_SHM               how ranks of one host talk: on (shared memory), copy (the same, and large
//                          payloads are copied through it, too), off (TCP; the agent reads that)
//   PRUN_PACING            off: connections send as fast as the kernel lets them; on by default
//   PRUN_COLL_<OPERATION>  the algorithm to use, e.g. PRUN_COLL_BCAST=chain
//   PRUN_LINK              the link between two hosts, as latency in microseconds and speed in
//                          Mbit/s: PRUN_LINK=120,94; otherwise it is measured
struct Config {
  struct LinkFigures {
    double latency_us = 0;
    double megabits_per_second = 0;
  };

  std::optional<int> agent_descriptor;
  std::optional<std::chrono::microseconds> spin;
  std::optional<std::size_t> eager_bytes;
  std::optional<std::size_t> unexpected_bytes;
  bool single_copy = true;  // of large payloads in shared memory
  bool pacing = true;
  std::optional<LinkFigures> link;
  std::map<std::string, std::string> algorithms;  // by operation in lower case: {"bcast", "chain"}

  // From the process environment. A value that is no number, or out of range, is a Failure naming
  // the variable.
  static Result<Config> from_environment();
};

// The launcher of an MPI that started this process as one of several, as the sentence should name
// it, or nothing. A batch system's own variables (SLURM_...) do not count: plain programs run there
// as well.
std::optional<std::string> foreign_launcher();

}  // namespace prun::core
