#include "launcher/job/input_readers.hpp"

#include <algorithm>
#include <utility>

namespace prun::job {

InputReaders::InputReaders(const std::vector<std::uint32_t>& ranks) {
  for (const auto rank : ranks) taken_.emplace(rank, 0);
}

std::vector<std::uint32_t> InputReaders::ranks() const {
  std::vector<std::uint32_t> list;
  for (const auto& [rank, bytes] : taken_) list.push_back(rank);
  return list;
}

bool InputReaders::has_taken_all(std::uint32_t rank) const {
  const auto reader = taken_.find(rank);
  return reader != taken_.end() && reader->second == given_;
}

InputReaders::Progress InputReaders::took(std::uint32_t rank, std::uint32_t bytes) {
  const auto reader = taken_.find(rank);
  if (reader == taken_.end()) return {};
  reader->second += bytes;
  return advance();
}

InputReaders::Progress InputReaders::left(std::uint32_t rank) {
  taken_.erase(rank);
  return advance();
}

InputReaders::Progress InputReaders::advance() {
  if (taken_.empty()) return {};
  const auto [slowest, fastest] =
      std::minmax_element(taken_.begin(), taken_.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::uint64_t by_one = std::max(fastest->second, taken_by_one_);
  const std::uint64_t by_all = slowest->second;
  return {static_cast<std::size_t>(by_one - std::exchange(taken_by_one_, by_one)),
          static_cast<std::size_t>(by_all - std::exchange(taken_by_all_, by_all))};
}

}  // namespace prun::job
