#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace prun {

// Where each rank's part lies in a buffer of parts: counts and displacements in elements, by rank.
// Without displacements the parts follow one another in rank order. A plain value that owns its
// numbers.
class Layout {
 public:
  Layout() = default;
  Layout(std::span<const std::size_t> counts)
      : counts_(counts.begin(), counts.end()), displacements_(counts.size()) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      displacements_[i] = next;
      next += counts_[i];
    }
  }
  Layout(std::span<const std::size_t> counts, std::span<const std::size_t> displacements)
      : counts_(counts.begin(), counts.end()),
        displacements_(displacements.begin(), displacements.end()) {}

  const std::vector<std::size_t>& counts() const { return counts_; }
  const std::vector<std::size_t>& displacements() const { return displacements_; }

  // Elements from the start of the buffer to the end of the last part.
  std::size_t extent() const {
    std::size_t end = 0;
    for (std::size_t i = 0; i < std::min(counts_.size(), displacements_.size()); ++i) {
      end = std::max(end, displacements_[i] + counts_[i]);
    }
    return end;
  }

 private:
  std::vector<std::size_t> counts_;
  std::vector<std::size_t> displacements_;
};

}  // namespace prun
