#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/bootstrap/control_messages.hpp"

// What launcher, agents and ranks say to each other where a job goes on without lost ranks: further
// messages of control_messages.hpp. docs/failures.md says what they are for, docs/wire_format.md gives
// every field. But for end_rank and start_rank their ranks are processes (JobMap::process).
//
//   rank -> agent -> launcher   peer_suspected, survivors_asked
//   launcher -> agent           end_rank, start_rank
//   launcher -> agents -> ranks survivors_asked, survivors_agreed
namespace prun::bootstrap {

// This rank's connection to that peer has broken, and nobody has said why. The launcher ends the
// peer, so that what one rank believes of it is true for all.
struct PeerSuspected {
  static constexpr ControlKind kind = ControlKind::peer_suspected;
  std::uint32_t rank = 0;
  std::uint32_t peer = 0;
  std::string cause;

  void encode(wire::Writer& out) const;
  static core::Result<PeerSuspected> decode(wire::Reader& in);
};

// KILL for the process group of this rank.
struct EndRank {
  static constexpr ControlKind kind = ControlKind::end_rank;
  std::uint32_t rank = 0;

  void encode(wire::Writer& out) const;
  static core::Result<EndRank> decode(wire::Reader& in);
};

// Start this rank again, for the so many-th time; all of its last process has been told. To an agent
// of a host that was lost and is back this takes the place of `start`.
struct StartRank {
  static constexpr ControlKind kind = ControlKind::start_rank;
  std::uint32_t rank = 0;
  std::uint32_t incarnation = 1;

  void encode(wire::Writer& out) const;
  static core::Result<StartRank> decode(wire::Reader& in);
};

// This rank has called survivors() on the communicator with this context and these members, in their
// order; it is one of them. No context from `free_context` on is in use at it.
struct SurvivorsAsked {
  static constexpr ControlKind kind = ControlKind::survivors_asked;
  std::uint32_t rank = 0;
  std::uint32_t context = 0;
  std::uint32_t free_context = 0;
  std::vector<std::uint32_t> members;

  void encode(wire::Writer& out) const;
  static core::Result<SurvivorsAsked> decode(wire::Reader& in);
  bool operator==(const SurvivorsAsked&) const = default;
};

// Every member of the communicator has come or is gone. These are left, in its order, and the new
// communicator has `new_context`.
struct SurvivorsAgreed {
  static constexpr ControlKind kind = ControlKind::survivors_agreed;
  std::uint32_t context = 0;
  std::uint32_t new_context = 0;
  std::vector<std::uint32_t> members;

  void encode(wire::Writer& out) const;
  static core::Result<SurvivorsAgreed> decode(wire::Reader& in);
  bool operator==(const SurvivorsAgreed&) const = default;
};

}  // namespace prun::bootstrap
