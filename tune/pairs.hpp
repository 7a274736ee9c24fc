#pragma once

#include <prun/prun.hpp>

namespace prun::tune {

// Measures what passes between each two ranks, or, of many ranks, between each and some others. No
// rank is in two pairs at a time, and a switch keeps pairs apart. Collective; rank 0 prints a line
// for each pair: "pair RANK RANK SECONDS BYTES_PER_SECOND BYTES_PER_SECOND", the round trip of the
// smallest message and what passes there and back.
void measure_pairs(const Communicator& world);

}  // namespace prun::tune
