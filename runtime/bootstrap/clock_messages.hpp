#pragma once

#include <cstdint>

#include "runtime/bootstrap/control_messages.hpp"

// How the hosts of a job come to tell one time, see launcher/agent/clock_service.hpp. Nothing of it
// happens before a rank asks for the clock.
//
//   rank -> agent -> launcher   clock_wanted
//   launcher -> agent           clock_start to all, then clock_lead to one and clock_follow to the
//                               others; again when the one that leads is lost
//   agent -> launcher           clock_port, clock_known
//   agent -> rank               clock_ready
namespace prun::bootstrap {

// A rank wants to know the time.
struct ClockWanted {
  static constexpr ControlKind kind = ControlKind::clock_wanted;
  void encode(wire::Writer& out) const;
  static core::Result<ClockWanted> decode(wire::Reader& in);
};

// Launcher to agent: listen for those who ask for the time, and tell where.
struct ClockStart {
  static constexpr ControlKind kind = ControlKind::clock_start;
  void encode(wire::Writer& out) const;
  static core::Result<ClockStart> decode(wire::Reader& in);
};

// Agent to launcher: where it answers.
struct ClockPort {
  static constexpr ControlKind kind = ControlKind::clock_port;
  std::uint16_t port = 0;

  void encode(wire::Writer& out) const;
  static core::Result<ClockPort> decode(wire::Reader& in);
};

// Launcher to agent: the time of this host is the job's from now on.
struct ClockLead {
  static constexpr ControlKind kind = ControlKind::clock_lead;
  std::uint16_t leader = 0;  // how many others have led before

  void encode(wire::Writer& out) const;
  static core::Result<ClockLead> decode(wire::Reader& in);
};

// Agent to launcher: this host knows the time, so it could lead.
struct ClockKnown {
  static constexpr ControlKind kind = ControlKind::clock_known;
  void encode(wire::Writer& out) const;
  static core::Result<ClockKnown> decode(wire::Reader& in);
};

// Launcher to agent: ask that host for the time, at its data address and this port.
struct ClockFollow {
  static constexpr ControlKind kind = ControlKind::clock_follow;
  std::uint32_t host = 0;  // index into the map's hosts
  std::uint16_t port = 0;
  std::uint16_t leader = 0;  // whose time is wanted: that of the one who leads after so many others

  void encode(wire::Writer& out) const;
  static core::Result<ClockFollow> decode(wire::Reader& in);
};

// Agent to rank: the page has the time, and it is as good as it soon can be.
struct ClockReady {
  static constexpr ControlKind kind = ControlKind::clock_ready;
  void encode(wire::Writer& out) const;
  static core::Result<ClockReady> decode(wire::Reader& in);
};

}  // namespace prun::bootstrap
