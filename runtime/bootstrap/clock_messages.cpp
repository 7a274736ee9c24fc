#include "runtime/bootstrap/clock_messages.hpp"

#include "runtime/bootstrap/checked.hpp"

namespace prun::bootstrap {

using core::Result;
using wire::Reader;
using wire::Writer;

void ClockWanted::encode(Writer&) const {}

Result<ClockWanted> ClockWanted::decode(Reader& in) {
  return checked(in, ClockWanted{}, "clock_wanted");
}

void ClockStart::encode(Writer& out) const {
  put_bool(out, leads);
}

Result<ClockStart> ClockStart::decode(Reader& in) {
  ClockStart message;
  message.leads = get_bool(in);
  return checked(in, message, "clock_start");
}

void ClockPort::encode(Writer& out) const {
  out.u16(port);
}

Result<ClockPort> ClockPort::decode(Reader& in) {
  ClockPort message;
  message.port = in.u16();
  if (message.port == 0) in.fail();
  return checked(in, message, "clock_port");
}

void ClockFollow::encode(Writer& out) const {
  out.u32(host);
  out.u16(port);
}

Result<ClockFollow> ClockFollow::decode(Reader& in) {
  ClockFollow message;
  message.host = in.u32();
  message.port = in.u16();
  if (message.port == 0) in.fail();
  return checked(in, message, "clock_follow");
}

void ClockReady::encode(Writer&) const {}

Result<ClockReady> ClockReady::decode(Reader& in) {
  return checked(in, ClockReady{}, "clock_ready");
}

}  // namespace prun::bootstrap
