#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "runtime/coll/arguments.hpp"
#include "runtime/coll/team.hpp"

// Data cut at whole elements.
namespace prun::coll {

// How many segments a pipelined algorithm receives ahead and sends at the same time: enough to keep
// the link busy while the processor works on one, few enough to leave the switch's buffers alone.
inline constexpr std::size_t segments_ahead = 4;

// Segments of Team::segment_bytes(), and a last one that is shorter, maybe empty: members whose
// counts differ find out, for one meets a full segment where its own is the last.
class Segments {
 public:
  Segments(const Team& team, std::size_t bytes)
      : bytes_(bytes),
        length_(std::max<std::size_t>(team.segment_bytes() / team.element_bytes(), 1) *
                team.element_bytes()),
        count_(bytes / length_ + 1) {}

  std::size_t count() const { return count_; }
  std::size_t largest() const { return std::min(length_, bytes_); }
  std::size_t size(std::size_t index) const { return std::min(length_, bytes_ - index * length_); }

  template <class Byte>
  std::span<Byte> of(std::span<Byte> data, std::size_t index) const {
    return data.subspan(index * length_, size(index));
  }

 private:
  std::size_t bytes_;
  std::size_t length_;
  std::size_t count_;
};

// As many parts as there are members, one behind the other, differing by an element at most; some
// are empty where there are fewer elements than members.
class Parts {
 public:
  Parts(const Team& team, std::span<std::byte> data)
      : data_(data),
        element_(team.element_bytes()),
        members_(static_cast<std::size_t>(team.size())),
        each_(data.size() / element_ / members_),
        longer_(data.size() / element_ % members_) {}

  // Parts first to first+count-1 as one.
  std::span<std::byte> run(int first, int count) const {
    const std::size_t begin = offset(first);
    return data_.subspan(begin, offset(first + count) - begin);
  }
  // Part i as the block of the member i places after `first`.
  Blocks as_blocks(int first = 0) const {
    std::vector<std::size_t> offsets(members_);
    std::vector<std::size_t> sizes(members_);
    for (std::size_t i = 0; i < members_; ++i) {
      const std::size_t rank = (i + static_cast<std::size_t>(first)) % members_;
      const int part = static_cast<int>(i);
      offsets[rank] = offset(part);
      sizes[rank] = offset(part + 1) - offset(part);
    }
    return Blocks::at(data_.data(), std::move(offsets), std::move(sizes));
  }

 private:
  std::size_t offset(int part) const {
    const auto before = static_cast<std::size_t>(part);
    return (before * each_ + std::min(before, longer_)) * element_;
  }

  std::span<std::byte> data_;
  std::size_t element_;
  std::size_t members_;
  std::size_t each_;    // elements of every part
  std::size_t longer_;  // the first so many have one more
};

}  // namespace prun::coll
