#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/result.hpp"

// The memory that the ranks of one host share. The agent makes it, without a name, and every rank
// inherits its descriptor: nothing is left of it when they are gone, however they went, and ranks
// of two agents on one machine never meet in it. docs/wire_format.md gives the layout.
namespace prun::bootstrap {

// How a segment for so many ranks is cut. The file is sparse: memory is taken where ranks have
// talked. Offsets have 64 bits also where size_t has 32.
class SegmentShape {
 public:
  // Beyond it the ranks of a host talk over TCP.
  static constexpr std::uint32_t most_ranks = 1024;
  static constexpr std::uint32_t page_bytes = 4096;  // our unit, whatever the kernel's is
  static constexpr std::uint32_t least_ring_bytes = 16u << 10;
  static constexpr std::uint32_t most_ring_bytes = 1u << 20;

  // Rings get smaller as pairs get more: all pairs of 16 ranks take 16 MiB, of 256 ranks 1.3 GiB at
  // most.
  static SegmentShape for_ranks(std::uint32_t ranks);
  SegmentShape(std::uint32_t ranks, std::uint32_t ring_bytes)
      : ranks_(ranks), ring_bytes_(ring_bytes) {}

  std::uint32_t ranks() const { return ranks_; }
  std::uint32_t ring_bytes() const { return ring_bytes_; }

  // The head of the segment and a page for each rank, by its place among the ranks of the host.
  std::uint64_t common_bytes() const { return page_bytes * (std::uint64_t{1} + ranks_); }
  std::uint64_t rank_page(std::uint32_t rank) const {
    return page_bytes * (std::uint64_t{1} + rank);
  }
  // What a pair shares in one direction: a page, then the ring.
  std::uint64_t pair_bytes() const { return std::uint64_t{page_bytes} + ring_bytes_; }
  std::uint64_t pair(std::uint32_t sender, std::uint32_t receiver) const {
    return common_bytes() + (std::uint64_t{receiver} * ranks_ + sender) * pair_bytes();
  }
  std::uint64_t total_bytes() const {
    return common_bytes() + std::uint64_t{ranks_} * ranks_ * pair_bytes();
  }

 private:
  std::uint32_t ranks_;
  std::uint32_t ring_bytes_;
};

// The agent's part: a segment whose size can never change again, as a descriptor that closes on
// exec. The caller owns it.
core::Result<int> make_shared_segment(std::uint64_t job_id, std::uint32_t ranks);

// A rank's part: whether this descriptor is such a segment, and of this job. Nobody can take memory
// away from under the ranks later.
core::Result<SegmentShape> check_shared_segment(int descriptor, std::uint64_t job_id,
                                                std::uint32_t ranks);

}  // namespace prun::bootstrap
