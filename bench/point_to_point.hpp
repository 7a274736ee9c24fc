#pragma once

#include "bench/operation.hpp"

// Measurements between pairs of ranks. Ranks that are in no pair wait meanwhile.
namespace prun::bench {

// One way, as half of a round trip between ranks 0 and 1.
Result run_latency(Context& context, std::uint64_t bytes);
// A window of messages from rank 0 to rank 1, and a short answer when all are there.
Result run_bandwidth(Context& context, std::uint64_t bytes);
// The same in both directions at once.
Result run_bidirectional(Context& context, std::uint64_t bytes);
// The same as bandwidth from each rank of the first half to its partner in the second half.
Result run_message_rate(Context& context, std::uint64_t bytes);
// A bulk message from rank 0 to rank 1 with round trips of 8 bytes between them for as long as it
// lasts.
Result run_small_under_bulk(Context& context, std::uint64_t bytes);

}  // namespace prun::bench
