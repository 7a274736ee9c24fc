#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace prun::job {

// Which ranks get standard input, and how much of it all of them have taken: the slowest decides
// what may be read. A value of one thread.
class InputReaders {
 public:
  InputReaders() = default;
  explicit InputReaders(const std::vector<std::uint32_t>& ranks);

  bool empty() const { return taken_.empty(); }
  bool has(std::uint32_t rank) const { return taken_.count(rank) != 0; }
  std::vector<std::uint32_t> ranks() const;

  // Both answer how many more bytes may be read now.
  std::size_t took(std::uint32_t rank, std::uint32_t bytes);
  std::size_t left(std::uint32_t rank);  // it takes no more

 private:
  std::size_t advance();

  std::map<std::uint32_t, std::uint64_t> taken_;  // by rank
  std::uint64_t taken_by_all_ = 0;
};

}  // namespace prun::job
