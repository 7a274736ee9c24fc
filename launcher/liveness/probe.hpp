#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/security/handshake.hpp"

// The datagrams by which a launcher asks whether a host is there when the ssh connection brings
// nothing. TCP doubles its pauses while a cable is out and then waits on for seconds after it is back;
// a datagram gets through at once. 32 bytes, the same for question and answer but for one byte:
//
//   0   4   "prun"
//   4   1   version of the control protocol
//   5   1   1: question, launcher to agent; 2: answer
//   6   2   zero
//   8   8   u64 number of the question
//   16  16  BLAKE2b of the 16 bytes above, with the key of the host (liveness::Watch)
//
// An answer is no longer than its question, and whoever has not got the key gets none. Pure functions.
namespace prun::liveness {

using Datagram = std::array<std::byte, 32>;

enum class ProbeKind : std::uint8_t { question = 1, answer = 2 };

Datagram make_probe(const security::Key& key, ProbeKind kind, std::uint64_t number);

// The number, if these bytes are such a datagram of that kind made with the key.
std::optional<std::uint64_t> read_probe(const security::Key& key, ProbeKind kind,
                                        std::span<const std::byte> bytes);

}  // namespace prun::liveness
