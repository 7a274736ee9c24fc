#pragma once

#include <cstddef>
#include <cstdint>

namespace prun::p2p {

// How much a rank keeps for messages nobody has asked for yet. Both ends of every connection use
// the same numbers for the first two: a sender counts down what its peer has room for, and the peer
// gives it back as messages are received.
struct Limits {
  // Messages up to this many bytes are sent with their envelope; longer ones wait at the sender
  // until they are wanted. At 100 Mbit/s the round trip saved costs about as much as 2 KiB; 16 KiB
  // keeps one message below 1.4 ms of wire.
  std::size_t eager_bytes = 16u << 10;

  // Envelopes a peer may have outstanding here, and bytes of eager payload among them. Beyond the
  // bytes messages wait at the sender; beyond the envelopes the sender waits.
  std::uint32_t envelopes_per_peer = 1024;
  std::uint64_t eager_bytes_per_peer = 256u << 10;

  // Messages of a peer that nobody has received. It may have so many only if it was granted room
  // again and again by a rank that waits for another of its messages; beyond, it is cut off.
  std::size_t unexpected_per_peer = 1u << 18;

  // Bytes of frames that may wait for a peer which sends and does not read. One of ours has to read
  // our credit before it may go on, so that half a megabyte is never waiting.
  std::size_t unread_bytes = 4u << 20;

  // Memory for large messages taken in ahead of their receive, when this rank is blocked and
  // nothing else moves.
  std::size_t unexpected_bytes = std::size_t{64} << 20;
};

}  // namespace prun::p2p
