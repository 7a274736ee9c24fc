#pragma once

#include "bench/operation.hpp"

// Measurements of operations that all ranks take part in; the root is rank 0.
namespace prun::bench {

Result run_barrier(Context& context, std::uint64_t bytes);
Result run_bcast(Context& context, std::uint64_t bytes);
Result run_reduce(Context& context, std::uint64_t bytes);
Result run_allreduce(Context& context, std::uint64_t bytes);
Result run_reduce_scatter(Context& context, std::uint64_t bytes);
Result run_scan(Context& context, std::uint64_t bytes);
Result run_allgather(Context& context, std::uint64_t bytes);
Result run_alltoall(Context& context, std::uint64_t bytes);
Result run_scatter(Context& context, std::uint64_t bytes);
Result run_gather(Context& context, std::uint64_t bytes);

}  // namespace prun::bench
