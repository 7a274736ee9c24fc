#pragma once

#include <cstdint>

#include "runtime/bootstrap/control_messages.hpp"
#include "runtime/security/handshake.hpp"

// What launcher and agent say to each other so that each knows the other is there: further messages of
// bootstrap/control_messages.hpp. docs/wire_format.md gives every field.
namespace prun::liveness {

// Launcher to agent, in answer to agent_hello unless the user wants nobody watched: from now on each
// side says something at least every `beat_ms`.
struct Watch {
  static constexpr auto kind = bootstrap::ControlKind::watch;
  std::uint32_t beat_ms = 0;  // at least shortest_beat_ms
  std::uint32_t cut_off_ms =
      0;                    // an agent whose network reaches no launcher for so long ends its ranks
  security::Key key{};      // of the probes to this host, see liveness/probe.hpp
  core::PortRange ports{};  // to answer probes on, where it can be one of these

  static constexpr std::uint32_t shortest_beat_ms = 10;

  void encode(wire::Writer& out) const;
  static core::Result<Watch> decode(wire::Reader& in);
};

// In both directions, where nothing else was said for a while.
struct Beat {
  static constexpr auto kind = bootstrap::ControlKind::beat;
  void encode(wire::Writer& out) const;
  static core::Result<Beat> decode(wire::Reader& in);
};

// Agent to launcher: the UDP port of its data address that answers probes.
struct ProbePort {
  static constexpr auto kind = bootstrap::ControlKind::probe_port;
  std::uint16_t port = 0;

  void encode(wire::Writer& out) const;
  static core::Result<ProbePort> decode(wire::Reader& in);
};

}  // namespace prun::liveness
