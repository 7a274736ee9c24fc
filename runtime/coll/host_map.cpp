#include "runtime/coll/host_map.hpp"

#include <algorithm>
#include <unordered_map>

namespace prun::coll {

HostMap::HostMap(std::span<const std::uint32_t> host_of_member) {
  std::unordered_map<std::uint32_t, int> numbers;
  for (std::size_t rank = 0; rank < host_of_member.size(); ++rank) {
    const auto [entry, is_new] = numbers.try_emplace(host_of_member[rank], count());
    if (is_new) members_.emplace_back();
    std::vector<int>& members = members_[static_cast<std::size_t>(entry->second)];
    members.push_back(static_cast<int>(rank));
    host_of_.push_back(entry->second);
    most_ = std::max(most_, static_cast<int>(members.size()));
  }
}

}  // namespace prun::coll
