#pragma once

#include "bench/operation.hpp"

namespace prun::bench {

// Verifies the operation, warms up, agrees with the other ranks on the number of iterations, and
// takes the time. All ranks call it together; the result is rank 0's.
Result measure(Context& context, Operation& operation, std::uint64_t bytes);

}  // namespace prun::bench
