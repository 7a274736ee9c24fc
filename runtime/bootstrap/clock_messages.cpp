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

void ClockStart::encode(Writer&) const {}

Result<ClockStart> ClockStart::decode(Reader& in) {
  return checked(in, ClockStart{}, "clock_start");
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

void ClockLead::encode(Writer& out) const {
  out.u16(leader);
}

Result<ClockLead> ClockLead::decode(Reader& in) {
  ClockLead message;
  message.leader = in.u16();
  return checked(in, message, "clock_lead");
}

void ClockKnown::encode(Writer&) const {}

Result<ClockKnown> ClockKnown::decode(Reader& in) {
  return checked(in, ClockKnown{}, "clock_known");
}

void ClockFollow::encode(Writer& out) const {
  out.u32(host);
  out.u16(port);
  out.u16(leader);
}

Result<ClockFollow> ClockFollow::decode(Reader& in) {
  ClockFollow message;
  message.host = in.u32();
  message.port = in.u16();
  message.leader = in.u16();
  if (message.port == 0) in.fail();
  return checked(in, message, "clock_follow");
}

void ClockReady::encode(Writer&) const {}

Result<ClockReady> ClockReady::decode(Reader& in) {
  return checked(in, ClockReady{}, "clock_ready");
}

}  // namespace prun::bootstrap
