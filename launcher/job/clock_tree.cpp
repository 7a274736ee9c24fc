#include "launcher/job/clock_tree.hpp"

#include <utility>

namespace prun::job {

ClockTree::ClockTree(std::uint32_t hosts, std::uint32_t top) : places_(hosts), top_(top) {
  // Hosts in their order, round from the top, fill the tree level by level.
  for (std::uint32_t place = 1; place < hosts; ++place)
    places_[(top + place) % hosts].above = (top + (place - 1) / branches) % hosts;
  if (hosts > 0) places_[top].above = top;
}

ClockTree::Orders ClockTree::answers(std::uint32_t host, std::uint16_t port) {
  Orders orders;
  if (host >= places_.size()) return orders;
  places_[host].port = port;
  for (std::uint32_t each = 0; each < places_.size(); ++each) {
    if (each != host && !places_[each].gone && places_[each].above == host)
      orders.push_back({each, host, port});
  }
  return orders;
}

void ClockTree::knows(std::uint32_t host) {
  if (host < places_.size()) places_[host].knows = true;
}

// Whoever knows the time goes on with it. Before anybody does, whose clock it is does not matter.
std::optional<std::uint32_t> ClockTree::heir() const {
  const auto fitness = [](const Place& place) { return std::pair(place.knows, place.port != 0); };
  std::optional<std::uint32_t> best;
  for (std::uint32_t host = 0; host < places_.size(); ++host) {
    if (places_[host].gone) continue;
    if (!best || fitness(places_[host]) > fitness(places_[*best])) best = host;
  }
  return best;
}

void ClockTree::let_lead(std::uint32_t host, Orders& orders) {
  top_ = places_[host].above = host;
  ++leader_;
  orders.push_back({host, host, 0});
}

ClockTree::Orders ClockTree::lost(std::uint32_t host) {
  Orders orders;
  if (host >= places_.size() || places_[host].gone) return orders;
  std::uint32_t above = places_[host].above;
  places_[host] = {above, 0, false, true};
  if (host == top_) {
    const auto next = heir();
    if (!next) return orders;
    let_lead(*next, orders);
    above = *next;
  }
  for (std::uint32_t each = 0; each < places_.size(); ++each) {
    Place& place = places_[each];
    if (place.gone || place.above != host) continue;
    place.above = above;
    if (places_[above].port != 0) orders.push_back({each, above, places_[above].port});
  }
  return orders;
}

ClockTree::Orders ClockTree::back(std::uint32_t host) {
  Orders orders;
  if (host >= places_.size() || !places_[host].gone) return orders;
  const bool all_are_gone = places_[top_].gone;
  Place& place = places_[host];
  place.gone = false;
  if (all_are_gone) {
    let_lead(host, orders);
    return orders;
  }
  // Whoever was above it may have gone meanwhile, or it led.
  if (places_[place.above].gone || place.above == host) place.above = top_;
  if (places_[place.above].port != 0)
    orders.push_back({host, place.above, places_[place.above].port});
  return orders;
}

}  // namespace prun::job
