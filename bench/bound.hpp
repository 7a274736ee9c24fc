#pragma once

#include <cstddef>

// The least time that an operation can take on a switch that does not block, where every host has
// one full-duplex link.
namespace prun::bench {

// A host's link as far as it is known; zero where it is not.
struct Link {
  double bits_per_second = 0;
  // What may pass at once before the rate is enforced: 0 on a real wire, the bucket of a virtual
  // one.
  double burst_bytes = 0;
  double latency_seconds = 0;  // one way, of the smallest message
};

// What an operation must at least do.
struct Demand {
  double payload_bytes = 0;  // through the busiest direction of the busiest link
  int rounds = 0;            // messages that must follow one another
  double parts = 1;          // the time is told of one of so many equal parts
};

// Bytes in Ethernet frames for a stream of so many bytes over TCP: every 1448 of them travel in a
// frame of 1514 (1500 less IP, TCP and its timestamps; 14 of Ethernet's header).
double bytes_in_frames(double payload_bytes);

// Seconds; 0 where nothing is known.
double lower_bound(const Link& link, const Demand& demand);

// Rounds in which n ranks can all hear of one, each telling one other per round: ceil(log2 n).
int doubling_rounds(int ranks);

}  // namespace prun::bench
