#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/core/result.hpp"
#include "runtime/wire/data_frame.hpp"

namespace prun::transport {

// The reading end of compressed segments, for one connection: says where the bytes of a data frame
// go as they arrive, and puts what they stand for into its place. Knows how much of a message is in
// place, which is all a compressed segment may refer to. Owned by the TcpConnection; one thread.
// Holds memory only inside a compressed segment.
class SegmentUnpacker {
 public:
  // A data or lz4_data frame begins whose payload is wanted at `place`, or nowhere (null). Where its
  // bytes go. A failure: it is none that a peer of ours sends.
  core::Result<std::byte*> begin(const wire::Frame& frame, std::byte* place);
  // Its bytes are there.
  core::Status end();
  // What it began with is wanted no more, and its place not good.
  void discard();

 private:
  wire::Frame frame_;
  std::byte* place_ = nullptr;
  std::vector<std::byte> packed_;

  // The segments of one message that lie one behind the other, none of another in between.
  std::uint64_t run_id_ = 0;
  const std::byte* run_end_ = nullptr;
  std::uint64_t run_bytes_ = 0;
};

}  // namespace prun::transport
