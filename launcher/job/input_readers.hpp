#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace prun::job {

// Which ranks get standard input, and how much of it each has taken: the slowest decides what may be
// read, the fastest what is gone for others. A value of one thread.
class InputReaders {
 public:
  InputReaders() = default;
  explicit InputReaders(const std::vector<std::uint32_t>& ranks);

  bool empty() const { return taken_.empty(); }
  bool has(std::uint32_t rank) const { return taken_.count(rank) != 0; }
  std::vector<std::uint32_t> ranks() const;

  // So much more is on its way to all of them.
  void given(std::size_t bytes) { given_ += bytes; }
  // Nothing is on its way to that rank any more.
  bool has_taken_all(std::uint32_t rank) const;

  struct Progress {
    std::size_t by_one = 0;  // so many bytes more were taken by at least one,
    std::size_t by_all = 0;  // and so many more by all
  };
  Progress took(std::uint32_t rank, std::uint32_t bytes);
  Progress left(std::uint32_t rank);  // it takes no more

 private:
  Progress advance();

  std::map<std::uint32_t, std::uint64_t> taken_;  // by rank
  std::uint64_t given_ = 0;
  std::uint64_t taken_by_one_ = 0;
  std::uint64_t taken_by_all_ = 0;
};

}  // namespace prun::job
