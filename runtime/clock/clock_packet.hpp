#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/clock/local_clock.hpp"
#include "runtime/security/handshake.hpp"

namespace prun::clock {

// What agents ask each other for the time with: datagrams, each with a hash keyed with a key of the
// job's. docs/wire_format.md gives the layout. Pure functions.
struct ClockPacket {
  enum class Kind : std::uint8_t { question = 1, answer = 2 };

  Kind kind = Kind::question;
  std::uint16_t leader = 0;  // how many others have led before the one whose time it tells
  std::uint64_t job_id = 0;
  std::uint32_t from = 0;  // numbers of hosts
  std::uint32_t to = 0;
  std::uint64_t cookie = 0;  // the asker's; an answer repeats it
  Nanoseconds received = 0;  // the job's time, see Exchange; 0 in questions
  Nanoseconds answered = 0;
  Nanoseconds error = 0;

  bool operator==(const ClockPacket&) const = default;
};

inline constexpr std::size_t clock_packet_bytes = 72;
using ClockPacketBytes = std::array<std::byte, clock_packet_bytes>;

// The key that these packets are hashed with, so that they pass for nothing else.
security::Key clock_key(const security::Key& job_key);

ClockPacketBytes encode(const security::Key& key, const ClockPacket& packet);
// Nothing where it is of another job, or not made with this key.
std::optional<ClockPacket> decode(const security::Key& key, std::uint64_t job_id,
                                  std::span<const std::byte> bytes);

}  // namespace prun::clock
