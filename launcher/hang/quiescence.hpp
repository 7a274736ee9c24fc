#pragma once

#include "launcher/hang/facts.hpp"

namespace prun::hang {

// Whether nothing was exchanged between two looks, as far as ranks have answered.
bool same_counts(const JobFacts& before, const JobFacts& now);

// Whether every rank that has not ended waits for a message and none is on its way, so that they
// will wait for ever: each rank answered both looks, waits without a deadline, and each pair of ranks
// counts as received what it counts as sent, the same both times. Two looks, because the answers
// are of different moments: a message received before one answer may have been sent after another.
// (Mattern, Algorithms for distributed termination detection, 1987: the four counter method; here
// with counters for each pair.)
bool is_deadlock(const JobFacts& before, const JobFacts& now);

}  // namespace prun::hang
