#include "bench/bound.hpp"

#include <algorithm>
#include <cmath>

namespace prun::bench {

double bytes_in_frames(double payload_bytes) {
  constexpr double payload_of_frame = 1448;
  constexpr double headers_of_frame = 66;
  return payload_bytes + std::ceil(payload_bytes / payload_of_frame) * headers_of_frame;
}

double lower_bound(const Link& link, const Demand& demand) {
  double seconds = link.latency_seconds * demand.rounds;
  if (link.bits_per_second > 0) {
    const double paced = bytes_in_frames(demand.payload_bytes) - link.burst_bytes;
    seconds = std::max(seconds, paced * 8 / link.bits_per_second);
  }
  return seconds / demand.parts;
}

int doubling_rounds(int ranks) {
  int rounds = 0;
  for (int reached = 1; reached < ranks; reached *= 2) ++rounds;
  return rounds;
}

}  // namespace prun::bench
