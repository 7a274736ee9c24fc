#pragma once

#include <prun/datatype.hpp>

#include <cstdint>
#include <string>

#include "runtime/core/result.hpp"
#include "runtime/wire/data_frame.hpp"

// What the parts of the endpoint share: frames they send, and words about what peers send.
namespace prun::p2p {

inline std::string counted(std::uint64_t count, const Datatype& type) {
  return std::to_string(count) + " x " + to_string(type);
}

inline wire::Frame control(wire::FrameKind kind) {
  wire::Frame frame;
  frame.kind = kind;
  return frame;
}

// A peer has said what cannot be.
inline core::Failure lie(const std::string& what) {
  return {Errc::bad_data, what};
}

}  // namespace prun::p2p
