#include "launcher/job/input_readers.hpp"

#include <algorithm>

namespace prun::job {

InputReaders::InputReaders(const std::vector<std::uint32_t>& ranks) {
  for (const auto rank : ranks) taken_.emplace(rank, 0);
}

std::vector<std::uint32_t> InputReaders::ranks() const {
  std::vector<std::uint32_t> list;
  for (const auto& [rank, bytes] : taken_) list.push_back(rank);
  return list;
}

std::size_t InputReaders::took(std::uint32_t rank, std::uint32_t bytes) {
  const auto reader = taken_.find(rank);
  if (reader == taken_.end()) return 0;
  reader->second += bytes;
  return advance();
}

std::size_t InputReaders::left(std::uint32_t rank) {
  taken_.erase(rank);
  return advance();
}

std::size_t InputReaders::advance() {
  if (taken_.empty()) return 0;
  const auto slowest =
      std::min_element(taken_.begin(), taken_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::uint64_t more = slowest->second - taken_by_all_;
  taken_by_all_ = slowest->second;
  return static_cast<std::size_t>(more);
}

}  // namespace prun::job
