#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace prun::job {

// Who asks whom for the time: a tree over the hosts of a job, eight below each. The clock of the one at
// the top is the job's: it leads. When it is lost another takes its place, one that knows the time if
// there is one. Knows which hosts answer, and where. A plain value.
class ClockTree {
 public:
  // That host is to ask the host above it at this port, or to lead if that is itself.
  struct Order {
    std::uint32_t host;
    std::uint32_t above;
    std::uint16_t port;

    bool leads() const { return host == above; }
    bool operator==(const Order&) const = default;
  };
  using Orders = std::vector<Order>;

  static constexpr std::uint32_t branches = 8;

  ClockTree() = default;
  ClockTree(std::uint32_t hosts, std::uint32_t top);

  std::uint32_t top() const { return top_; }
  // How many others have led before the one at the top.
  std::uint16_t leader() const { return leader_; }

  // A host answers from now on: those below it may ask.
  Orders answers(std::uint32_t host, std::uint16_t port);
  // It knows the time, and could go on with it.
  void knows(std::uint32_t host);
  // A host has gone: those below it ask the one above it, or the new top.
  Orders lost(std::uint32_t host);
  // It is there again, with nobody below it; the order is for itself, where there is whom to ask.
  Orders back(std::uint32_t host);

 private:
  struct Place {
    std::uint32_t above = 0;
    std::uint16_t port = 0;  // 0: does not answer yet
    bool knows = false;
    bool gone = false;
  };

  std::optional<std::uint32_t> heir() const;
  void let_lead(std::uint32_t host, Orders& orders);

  std::vector<Place> places_;  // by host
  std::uint32_t top_ = 0;      // gone only where all are
  std::uint16_t leader_ = 0;
};

}  // namespace prun::job
