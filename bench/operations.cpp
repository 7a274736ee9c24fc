#include <algorithm>

#include "bench/collectives.hpp"
#include "bench/operation.hpp"
#include "bench/point_to_point.hpp"
#include "bench/resources.hpp"

namespace prun::bench {

namespace {

using Sizes = std::vector<std::uint64_t>;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

// Joining the job has been timed by main, once; there is nothing to repeat. Without a message it
// stays what joining and leaving cost.
Result run_init(Context& context, std::uint64_t) {
  Result result;
  result.iterations = 1;
  result.time = summarize({context.join_seconds});
  return result;
}

// Bytes through the busiest link; see "Lower bounds" in README.md. Ranks 0 and 1 of the first three
// share a host where any ranks do: their messages cross no link.
Demand one_message(double bytes, const Placement& placement, const Settings&) {
  if (placement.ranks_per_host > 1) return {};
  return {bytes, 1};
}
Demand one_bulk(double bytes, const Placement& placement, const Settings&) {
  if (placement.ranks_per_host > 1) return {};
  return {bytes, 0};
}
Demand window(double bytes, const Placement& placement, const Settings& settings) {
  if (placement.ranks_per_host > 1) return {};
  const auto messages = static_cast<double>(settings.window);
  return {bytes * messages, 0, messages};
}
Demand only_rounds(double, const Placement& placement, const Settings&) {
  return {0, doubling_rounds(placement.hosts)};
}
// What the ranks of one host need or give in common crosses its link once.
Demand whole_vector(double bytes, const Placement& placement, const Settings&) {
  return {bytes, doubling_rounds(placement.hosts)};
}
Demand vector_there_and_back(double bytes, const Placement& placement, const Settings&) {
  const double hosts = placement.hosts;
  return {2 * bytes * (hosts - 1) / hosts, doubling_rounds(placement.hosts)};
}
Demand vector_but_own_part(double bytes, const Placement& placement, const Settings&) {
  const double hosts = placement.hosts;
  return {bytes * (hosts - 1) / hosts, doubling_rounds(placement.hosts)};
}
// A host takes in, or its root gives out, the blocks of all ranks on other hosts.
Demand block_of_each_other(double bytes, const Placement& placement, const Settings&) {
  const int others = placement.ranks() - placement.ranks_per_host;
  return {bytes * others, doubling_rounds(placement.hosts)};
}
// Each rank of a host has another block for each rank elsewhere.
Demand block_of_each_pair(double bytes, const Placement& placement, const Settings&) {
  const int others = placement.ranks() - placement.ranks_per_host;
  return {bytes * placement.ranks_per_host * others, doubling_rounds(placement.hosts)};
}

}  // namespace

const std::vector<OperationInfo>& operations() {
  static const Sizes messages{1, 64, 512, 4 * kib, 64 * kib, mib};
  static const Sizes parts{4, kib, 16 * kib, 256 * kib, mib};
  static const Sizes none{0};
  static const std::vector<OperationInfo> list{
      {.name = "latency",
       .summary = "one way between ranks 0 and 1: half a round trip",
       .default_bytes = messages,
       .run = run_latency,
       .demand = one_message},
      {.name = "bandwidth",
       .summary = "a window of messages from rank 0 to rank 1; time per message",
       .default_bytes = messages,
       .run = run_bandwidth,
       .demand = window},
      {.name = "bidirectional",
       .summary = "the same in both directions at once; time per message each way",
       .default_bytes = messages,
       .run = run_bidirectional,
       .demand = window},
      {.name = "message_rate",
       .summary = "the same from each rank of the first half to one of the second half",
       .default_bytes = {1, 64, 512},
       .even_ranks = true,
       .run = run_message_rate,
       .demand = window},
      {.name = "small_under_bulk",
       .summary = "8-byte round trips while a bulk message passes from rank 0 to rank 1; its time",
       .default_bytes = {24 * mib},
       .run = run_small_under_bulk,
       .demand = one_bulk},
      {.name = "barrier",
       .summary = "all wait for all",
       .default_bytes = none,
       .sized = false,
       .minimum_ranks = 1,
       .run = run_barrier,
       .demand = only_rounds},
      {.name = "bcast",
       .summary = "rank 0's bytes to all",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .run = run_bcast,
       .demand = whole_vector},
      {.name = "reduce",
       .summary = "sum of every rank's vector of floats, at rank 0",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .granule = sizeof(float),
       .run = run_reduce,
       .demand = whole_vector},
      {.name = "allreduce",
       .summary = "the same, everywhere",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .granule = sizeof(float),
       .run = run_allreduce,
       .demand = vector_there_and_back},
      {.name = "reduce_scatter",
       .summary = "the same, each rank gets its part; bytes of the whole vector",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .granule = sizeof(float),
       .run = run_reduce_scatter,
       .demand = vector_but_own_part},
      {.name = "scan",
       .summary = "each rank gets the sum over itself and the ranks before it",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .granule = sizeof(float),
       .run = run_scan,
       .demand = whole_vector},
      {.name = "allgather",
       .summary = "every rank's bytes to all; bytes of one rank",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .run = run_allgather,
       .demand = block_of_each_other},
      {.name = "alltoall",
       .summary = "other bytes from every rank to every rank; bytes of one pair",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .run = run_alltoall,
       .demand = block_of_each_pair},
      {.name = "scatter",
       .summary = "a part for each rank from rank 0; bytes of one part",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .run = run_scatter,
       .demand = block_of_each_other},
      {.name = "gather",
       .summary = "a part from each rank to rank 0; bytes of one part",
       .default_bytes = parts,
       .minimum_ranks = 1,
       .run = run_gather,
       .demand = block_of_each_other},
      {.name = "init",
       .summary = "rank 0 joining the job; what starting costs in all is timed from outside",
       .default_bytes = none,
       .sized = false,
       .minimum_ranks = 1,
       .messages = false,
       .run = run_init},
      {.name = "idle",
       .summary = "processor time of rank 1 while it waits, --seconds each, in recv, wait, barrier",
       .default_bytes = none,
       .sized = false,
       .run = run_idle},
      {.name = "memory",
       .summary = "memory of the ranks after joining, a barrier and an allreduce of 1 KiB",
       .default_bytes = none,
       .sized = false,
       .minimum_ranks = 1,
       .run = run_memory},
  };
  return list;
}

const OperationInfo* find_operation(std::string_view name) {
  const auto& all = operations();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [name](const OperationInfo& info) { return info.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace prun::bench
