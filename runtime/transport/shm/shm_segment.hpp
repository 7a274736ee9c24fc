#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "runtime/bootstrap/shared_segment.hpp"
#include "runtime/core/result.hpp"

namespace prun::transport::shm {

// A stretch of the segment in this process's memory; unmapped by destruction.
class Window {
 public:
  Window() = default;
  Window(Window&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_), at_(other.at_) {}
  Window& operator=(Window&& other) noexcept;
  ~Window();

  std::byte* data() const { return at_; }

 private:
  friend class Segment;
  Window(void* base, std::size_t bytes, std::byte* at) : base_(base), bytes_(bytes), at_(at) {}

  void* base_ = nullptr;
  std::size_t bytes_ = 0;
  std::byte* at_ = nullptr;
};

// This rank's hold on the segment that its agent made: the descriptor, the common pages, and on
// request what it shares with one other rank. Ranks are numbered by their place among those of the
// host. Owned by the ShmTransport; closes the descriptor.
//
// As long as this rank lives it holds a lock on the byte of its number, which the kernel takes from
// it however it ends: that is how others know that nothing of it moves any more.
class Segment {
 public:
  static core::Result<std::unique_ptr<Segment>> open(int descriptor, std::uint64_t job_id,
                                                     std::uint32_t self, std::uint32_t ranks);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  std::uint32_t self() const { return self_; }
  std::uint32_t ranks() const { return shape_.ranks(); }
  std::uint32_t ring_bytes() const { return shape_.ring_bytes(); }

  std::byte* page_of(std::uint32_t rank) const {
    return common_.data() + static_cast<std::size_t>(shape_.rank_page(rank));
  }
  // What `sender` and `receiver` share in that direction.
  core::Result<Window> pair(std::uint32_t sender, std::uint32_t receiver) const;

  // Whether the process of a rank that was here still lives.
  bool lives(std::uint32_t rank) const;

 private:
  Segment(int descriptor, const bootstrap::SegmentShape& shape, std::uint32_t self)
      : descriptor_(descriptor), shape_(shape), self_(self) {}
  core::Result<Window> map(std::uint64_t offset, std::uint64_t bytes) const;

  int descriptor_;
  bootstrap::SegmentShape shape_;
  std::uint32_t self_;
  Window common_;
};

}  // namespace prun::transport::shm
