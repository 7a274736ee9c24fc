#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "runtime/coll/cuts.hpp"
#include "runtime/coll/team.hpp"

namespace prun::coll {

// What one member sends round a ring, or receives, in n-1 steps of a block each: the blocks cut into
// the same number of segments, so that those of all steps make one stream without a gap. A segment
// received in one step is sent in the next, while those behind it arrive: a link is never idle
// between two steps. Blocks may differ; the later segments of the shorter ones are short or empty.
class RingStream {
 public:
  RingStream(const Team& team, const Blocks& blocks) : steps_(team.size() - 1) {
    std::size_t largest = 0;
    for (int rank = 0; rank < team.size(); ++rank) largest = std::max(largest, blocks.size(rank));
    length_ = std::max<std::size_t>(team.segment_bytes() / team.element_bytes(), 1) *
              team.element_bytes();
    per_block_ = std::max<std::size_t>((largest + length_ - 1) / length_, 1);
    length_ = std::min(length_, largest);
  }

  // Segments in the stream; in one block.
  std::size_t count() const { return per_block_ * static_cast<std::size_t>(steps_); }
  std::size_t per_block() const { return per_block_; }
  std::size_t largest() const { return length_; }
  // Which step the index-th segment belongs to, from 0.
  int step(std::size_t index) const { return static_cast<int>(index / per_block_); }

  // The part of a block that the index-th segment is.
  template <class Byte>
  std::span<Byte> of(std::span<Byte> block, std::size_t index) const {
    const std::size_t offset = std::min(index % per_block_ * length_, block.size());
    return block.subspan(offset, std::min(length_, block.size() - offset));
  }

 private:
  int steps_;
  std::size_t length_ = 0;
  std::size_t per_block_ = 1;
};

}  // namespace prun::coll
