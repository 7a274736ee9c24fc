#include "launcher/job/clock_tree.hpp"

namespace prun::job {

ClockTree::ClockTree(std::uint32_t hosts, std::uint32_t top) : places_(hosts), top_(top) {
  // Hosts in their order, round from the top, fill the tree level by level.
  for (std::uint32_t place = 1; place < hosts; ++place)
    places_[(top + place) % hosts].above = (top + (place - 1) / branches) % hosts;
  if (hosts > 0) places_[top].above = top;
}

std::vector<ClockTree::Order> ClockTree::answers(std::uint32_t host, std::uint16_t port) {
  std::vector<Order> orders;
  if (host >= places_.size()) return orders;
  places_[host].port = port;
  for (std::uint32_t each = 0; each < places_.size(); ++each) {
    if (each != host && !places_[each].gone && places_[each].above == host)
      orders.push_back({each, host, port});
  }
  return orders;
}

std::vector<ClockTree::Order> ClockTree::back(std::uint32_t host) {
  if (host >= places_.size() || host == top_) return {};
  Place& place = places_[host];
  // Whoever was above it may have gone meanwhile; the top cannot without the job's end.
  if (places_[place.above].gone) place.above = top_;
  place.gone = false;
  place.port = 0;
  const std::uint16_t port = places_[place.above].port;
  if (port == 0) return {};
  return {{host, place.above, port}};
}

std::vector<ClockTree::Order> ClockTree::lost(std::uint32_t host) {
  std::vector<Order> orders;
  if (host >= places_.size()) return orders;
  places_[host].gone = true;
  const std::uint32_t above = places_[host].above;
  for (std::uint32_t each = 0; each < places_.size(); ++each) {
    if (each == host || places_[each].gone || places_[each].above != host) continue;
    places_[each].above = above;
    if (above != host && places_[above].port != 0)
      orders.push_back({each, above, places_[above].port});
  }
  return orders;
}

}  // namespace prun::job
