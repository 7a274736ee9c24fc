#pragma once

#include <string>
#include <utility>

#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"
#include "runtime/wire/codec.hpp"

// What every message of the control plane is written and read with.
namespace prun::bootstrap {

// The message if every field fitted, else a failure that names the message.
template <class Message>
core::Result<Message> checked(const wire::Reader& in, Message message, const char* name) {
  if (!in.ok()) {
    return core::Failure{Errc::bad_data,
                         std::string("control message ") + name + " does not fit its bytes"};
  }
  return message;
}

inline void put_ports(wire::Writer& out, const core::PortRange& ports) {
  out.u16(ports.first);
  out.u16(ports.last);
}

inline core::PortRange get_ports(wire::Reader& in) {
  core::PortRange ports;
  ports.first = in.u16();
  ports.last = in.u16();
  if (!ports.valid()) in.fail();
  return ports;
}

inline void put_bool(wire::Writer& out, bool value) {
  out.u8(value ? 1 : 0);
}

// Anything but 0 and 1 does not fit.
inline bool get_bool(wire::Reader& in) {
  const std::uint8_t value = in.u8();
  if (value > 1) in.fail();
  return value == 1;
}

}  // namespace prun::bootstrap
