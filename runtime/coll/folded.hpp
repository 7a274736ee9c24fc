#pragma once

#include <bit>

#include "runtime/coll/team.hpp"

namespace prun::coll {

// A team folded to a power of two, for algorithms that meet partners whose numbers differ in a bit.
// The members too many, every second one of the first, hand their part to the member after them,
// which speaks for both. Those who take part are numbered in rank order.
class Folded {
 public:
  explicit Folded(const Team& team)
      : rank_(team.rank()),
        takers_(static_cast<int>(std::bit_floor(static_cast<unsigned>(team.size())))),
        paired_(2 * (team.size() - takers_)) {}

  int takers() const { return takers_; }
  // Hands over to the rank after it, and gets the result from there.
  bool sits_out() const { return rank_ < paired_ && rank_ % 2 == 0; }
  // Speaks for the rank before it as well.
  bool speaks_for_two() const { return rank_ < paired_ && rank_ % 2 != 0; }
  // Of those who do not sit out.
  int number() const { return rank_ < paired_ ? rank_ / 2 : rank_ - paired_ / 2; }
  int rank_of(int number) const {
    return number < paired_ / 2 ? 2 * number + 1 : number + paired_ / 2;
  }

 private:
  int rank_;
  int takers_;
  int paired_;  // the first so many ranks have one number for two
};

}  // namespace prun::coll
