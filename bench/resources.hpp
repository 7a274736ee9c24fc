#pragma once

#include "bench/operation.hpp"

// What ranks cost the host they run on.
namespace prun::bench {

// Processor time that rank 1 uses while rank 0 keeps it waiting: Settings::budget_seconds in each of
// recv, wait and barrier.
Result run_idle(Context& context, std::uint64_t bytes);
// Memory of the ranks when each has joined and taken part in a barrier and in a small allreduce.
// Says something only as the first operation of a job.
Result run_memory(Context& context, std::uint64_t bytes);

}  // namespace prun::bench
