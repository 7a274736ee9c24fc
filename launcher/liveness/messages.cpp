#include "launcher/liveness/messages.hpp"

#include <algorithm>
#include <string>

#include "runtime/bootstrap/checked.hpp"

namespace prun::liveness {

using bootstrap::checked;

void Watch::encode(wire::Writer& out) const {
  out.u32(beat_ms);
  out.u32(cut_off_ms);
  out.raw(key);
  bootstrap::put_ports(out, ports);
}

core::Result<Watch> Watch::decode(wire::Reader& in) {
  Watch message;
  message.beat_ms = in.u32();
  message.cut_off_ms = in.u32();
  const auto key = in.raw(message.key.size());
  std::copy(key.begin(), key.end(), message.key.begin());
  message.ports = bootstrap::get_ports(in);
  if (message.beat_ms < shortest_beat_ms || message.cut_off_ms < message.beat_ms) in.fail();
  return checked(in, message, "watch");
}

void Beat::encode(wire::Writer&) const {}

core::Result<Beat> Beat::decode(wire::Reader& in) {
  return checked(in, Beat{}, "beat");
}

void ProbePort::encode(wire::Writer& out) const {
  out.u16(port);
}

core::Result<ProbePort> ProbePort::decode(wire::Reader& in) {
  ProbePort message;
  message.port = in.u16();
  if (message.port == 0) in.fail();
  return checked(in, message, "probe_port");
}

}  // namespace prun::liveness
