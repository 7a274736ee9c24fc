#pragma once

#include <algorithm>
#include <bit>

#include "runtime/coll/team.hpp"

namespace prun::coll {

// This member's place in the binomial tree of a team. Members stand at positions 0 (the root) to
// n-1, in rank order around the end. The parent of a position is that with its lowest one bit
// cleared; its children stand at distances 1, 2, 4, ... below that bit, so that the members below a
// position are the ones next to it.
class BinomialTree {
 public:
  BinomialTree(const Team& team, int root)
      : size_(team.size()), root_(root), position_(team.distance_from(root)) {
    const int reach = position_ == 0 ? size_ : (position_ & -position_);
    span_ = std::min(reach, size_ - position_);
  }

  bool is_root() const { return position_ == 0; }
  int position() const { return position_; }
  int rank_at(int position) const { return (root_ + position) % size_; }
  int parent() const { return rank_at(position_ & (position_ - 1)); }

  // Members from this one down: positions position() to position()+span()-1.
  int span() const { return span_; }

  // Distances to children, farthest first: for (int d = farthest(); d > 0; d /= 2), nearest first:
  // for (int d = 1; d < span(); d *= 2).
  int farthest() const {
    return static_cast<int>(std::bit_floor(static_cast<unsigned>(span_ - 1)));
  }
  int child(int distance) const { return rank_at(position_ + distance); }
  // Members from that child down: positions position()+distance and following.
  int child_span(int distance) const { return std::min(distance, span_ - distance); }

 private:
  int size_;
  int root_;
  int position_;
  int span_;
};

}  // namespace prun::coll
