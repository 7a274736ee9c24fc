#pragma once

#include <cstdint>
#include <vector>

namespace prun::job {

// Who asks whom for the time: a tree over the hosts of a job with that of rank 0 at the top, eight
// below each. Knows which hosts answer, and where. A plain value.
class ClockTree {
 public:
  // That host is to ask the host above it at this port.
  struct Order {
    std::uint32_t host;
    std::uint32_t above;
    std::uint16_t port;

    bool operator==(const Order&) const = default;
  };

  static constexpr std::uint32_t branches = 8;

  ClockTree() = default;
  ClockTree(std::uint32_t hosts, std::uint32_t top);

  std::uint32_t top() const { return top_; }

  // A host answers from now on: those below it may ask.
  std::vector<Order> answers(std::uint32_t host, std::uint16_t port);
  // A host has gone: those below it ask the one above it.
  std::vector<Order> lost(std::uint32_t host);
  // It is there again, with nobody below it; the order is for itself, where there is whom to ask.
  std::vector<Order> back(std::uint32_t host);

 private:
  struct Place {
    std::uint32_t above = 0;
    std::uint16_t port = 0;  // 0: does not answer yet
    bool gone = false;
  };

  std::vector<Place> places_;  // by host
  std::uint32_t top_ = 0;
};

}  // namespace prun::job
