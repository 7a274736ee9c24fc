#pragma once

#include <prun/op.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "runtime/coll/team.hpp"

// What algorithms do with bytes that are here.
namespace prun::coll {

// Memory for an algorithm's own use, aligned for every element type; uninitialized.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(bytes)), bytes_(bytes) {}

  std::span<std::byte> all() const { return {memory_.get(), bytes_}; }
  std::span<std::byte> at(std::size_t offset, std::size_t bytes) const {
    return all().subspan(offset, bytes);
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_;
};

// Of equal size; they may be the same place, but not overlap otherwise.
inline void copy(std::span<const std::byte> from, std::span<std::byte> to) {
  if (!from.empty() && from.data() != to.data()) std::memcpy(to.data(), from.data(), from.size());
}

// out = left op right, element by element; `out` may be either of them. The order matters.
inline void combine(const Team& team, const detail::Reduction& op, std::span<const std::byte> left,
                    std::span<const std::byte> right, std::span<std::byte> out) {
  if (!out.empty()) op(left.data(), right.data(), out.data(), out.size() / team.element_bytes());
}

}  // namespace prun::coll
