#include "runtime/coll/tuning.hpp"

namespace prun::coll {
namespace {

using enum Operation;

constexpr std::size_t kib = 1024;

// The first row that covers a call and whose algorithm fits wins. The thresholds are where the
// costs in the algorithms' heads meet for a latency of 0.1 ms and 100 Mbit/s (0.08 us per byte),
// rounded to powers of two, at 8 and at 64 ranks.
constexpr Row rows[] = {
    {barrier, 1, any_bytes, "dissemination"},

    {bcast, 32, 16 * kib, "binomial"},
    {bcast, 32, 512 * kib, "scatter_allgather"},
    {bcast, 3, 16 * kib, "binomial"},
    {bcast, 1, any_bytes, "chain"},

    // A tree saves the root messages, not bytes.
    {gather, 8, 2 * kib, "binomial"},
    {gather, 1, any_bytes, "linear"},
    {scatter, 8, 2 * kib, "binomial"},
    {scatter, 1, any_bytes, "linear"},

    {allgather, 3, 4 * kib, "bruck"},
    {allgather, 1, any_bytes, "ring"},

    {reduce, 32, 128 * kib, "binomial"},
    {reduce, 3, 16 * kib, "binomial"},
    {reduce, 1, any_bytes, "chain"},

    // Two ranks gain nothing by halves.
    {allreduce, 32, 64 * kib, "recursive_doubling"},
    {allreduce, 3, 16 * kib, "recursive_doubling"},
    {allreduce, 3, any_bytes, "ring"},
    {allreduce, 3, any_bytes, "pairwise"},
    {allreduce, 1, any_bytes, "recursive_doubling"},

    // Many ranks with long parts keep to two connections each where they may.
    {reduce_scatter, 32, 16 * kib, "recursive_doubling"},
    {reduce_scatter, 32, any_bytes, "ring"},
    {reduce_scatter, 3, 2 * kib, "recursive_doubling"},
    {reduce_scatter, 1, any_bytes, "pairwise"},

    // At once only what a switch's buffers hold.
    {alltoall, 16, 512, "linear"},
    {alltoall, 16, any_bytes, "pairwise"},
    {alltoall, 1, 2 * kib, "linear"},
    {alltoall, 1, any_bytes, "pairwise"},

    {scan, 32, 128 * kib, "doubling"},
    {scan, 3, 16 * kib, "doubling"},
    {scan, 1, any_bytes, "chain"},
    {exscan, 32, 128 * kib, "doubling"},
    {exscan, 3, 16 * kib, "doubling"},
    {exscan, 1, any_bytes, "chain"},
};

}  // namespace

std::span<const Row> default_rows() {
  return rows;
}

}  // namespace prun::coll
