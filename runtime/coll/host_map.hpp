#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace prun::coll {

// Which members of a team share a host. Hosts are numbered from 0 in the order of their first
// members. A plain value.
class HostMap {
 public:
  // `host_of_member`: any numbers, equal where members share a host.
  explicit HostMap(std::span<const std::uint32_t> host_of_member);

  int count() const { return static_cast<int>(members_.size()); }
  int most_on_one() const { return most_; }
  int host_of(int rank) const { return host_of_[static_cast<std::size_t>(rank)]; }
  // Rising.
  std::span<const int> members(int host) const { return members_[static_cast<std::size_t>(host)]; }

 private:
  std::vector<int> host_of_;
  std::vector<std::vector<int>> members_;
  int most_ = 0;
};

}  // namespace prun::coll
