#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "runtime/coll/host_map.hpp"
#include "tests/simulation/collective.hpp"
#include "tests/support/cluster.hpp"

// What a simulated job does and what befalls it, all of it drawn from one number.
namespace prun::test {

// Ranks that speak to each other in a context of their own.
struct SimulatedGroup {
  std::uint32_t context = 0;  // for messages; the next one is that of its collectives
  std::vector<p2p::WorldRank> members;
  std::optional<coll::HostMap> hosts;
};

struct SimulatedMessage {
  p2p::WorldRank from = 0;
  p2p::WorldRank to = 0;
  std::int32_t tag = 0;
  std::size_t bytes = 0;
  bool synchronous = false;
  bool dropped = false;  // its sender goes on without its operation at once
};

// How the receivers of a step name what they wait for. Mixed: some by name and some not, where that
// leaves no doubt who gets which.
enum class Naming : std::uint8_t { exact, any_source, any_tag, mixed };

// One thing that the members of a group do together, each when it comes to it.
struct SimulatedStep {
  std::size_t group = 0;
  // Messages between any of them.
  std::vector<SimulatedMessage> messages;
  Naming naming = Naming::exact;
  bool receives_first = false;
  // Or a collective; it may still be under way during the next step.
  std::shared_ptr<CollectiveCall> collective;
  std::int32_t call = 0;
  bool waited_for_later = false;
};

// What goes wrong with the job as a whole.
struct SimulatedFault {
  enum class Kind : std::uint8_t { none, a_rank_dies, a_connection_breaks } kind = Kind::none;
  VirtualTime at{0};
  p2p::WorldRank rank = 0;
  p2p::WorldRank other = 0;  // the far end of the connection
};

struct Plan {
  explicit Plan(std::uint32_t seed);

  ClusterOptions cluster;
  VirtualTime longest_pause{0};  // that a program computes between two steps
  std::vector<SimulatedGroup> groups;
  std::vector<SimulatedStep> steps;
  SimulatedFault fault;

  std::string describe() const;

 private:
  void draw_cluster(std::uint32_t seed);
  void draw_groups();
  void draw_messages(SimulatedStep& step, std::int32_t number);
  void draw_collective(SimulatedStep& step);
  void draw_fault();

  // 0 to most.
  std::size_t up_to(std::size_t most) { return random_() % (most + 1); }
  bool one_in(std::size_t times) { return up_to(times - 1) == 0; }

  std::mt19937 random_;
  std::vector<std::int32_t> calls_;  // by group
};

// The content of a message, which says who sent it to whom, and which of theirs it is.
std::vector<std::byte> content_of(const SimulatedMessage& message, std::size_t number);

}  // namespace prun::test
