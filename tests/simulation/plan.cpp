#include "tests/simulation/plan.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "runtime/wire/codec.hpp"

namespace prun::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr double bytes_per_second_at_100_mbit = 12.5e6;

}  // namespace

Plan::Plan(std::uint32_t seed) : random_(seed) {
  draw_cluster(seed);
  draw_groups();
  const std::size_t count = 4 + up_to(12);
  for (std::size_t i = 0; i < count; ++i) {
    SimulatedStep& step = steps.emplace_back();
    step.group = up_to(groups.size() - 1);
    if (up_to(99) < 60) {
      draw_messages(step, static_cast<std::int32_t>(i));
    } else {
      draw_collective(step);
    }
  }
  draw_fault();
}

// Limits of real jobs and small ones, fast wires and slow ones.
void Plan::draw_cluster(std::uint32_t seed) {
  cluster.ranks = 2 + static_cast<int>(up_to(6));
  cluster.network.seed = seed;
  cluster.network.segment_bytes = std::array{64u, 1000u, 8192u}[up_to(2)];
  cluster.network.frames_in_flight = 1 + up_to(7);
  if (!one_in(4)) {
    cluster.limits.eager_bytes = 1 + up_to(300);
    cluster.limits.envelopes_per_peer = static_cast<std::uint32_t>(4 + up_to(12));
    cluster.limits.eager_bytes_per_peer = cluster.limits.eager_bytes + up_to(1000);
    cluster.limits.unexpected_bytes = up_to(20'000);
  }
  Wires wires;
  wires.latency_at_most =
      std::array<VirtualTime, 3>{microseconds(60), milliseconds(1), milliseconds(40)}[up_to(2)];
  for (const double speed : {0.1, 1.0, 10.0}) {
    if (one_in(2)) wires.bytes_per_second.push_back(speed * bytes_per_second_at_100_mbit);
  }
  if (wires.bytes_per_second.empty())
    wires.bytes_per_second.push_back(bytes_per_second_at_100_mbit);
  wires.refused_percent = one_in(2) ? static_cast<unsigned>(up_to(60)) : 0;
  cluster.network.wires = wires;
  longest_pause =
      std::array<VirtualTime, 3>{microseconds(0), milliseconds(2), milliseconds(500)}[up_to(2)];
}

// All ranks, and some choices of them, in any order.
void Plan::draw_groups() {
  std::vector<p2p::WorldRank> all(static_cast<std::size_t>(cluster.ranks));
  std::iota(all.begin(), all.end(), 0);
  const std::size_t count = 1 + up_to(3);
  for (std::size_t i = 0; i < count; ++i) {
    SimulatedGroup group;
    group.context = static_cast<std::uint32_t>(2 * i);
    group.members = all;
    if (i > 0) {
      std::shuffle(group.members.begin(), group.members.end(), random_);
      group.members.resize(1 + up_to(all.size() - 1));
    }
    if (one_in(2)) {
      std::vector<std::uint32_t> hosts;
      for (const p2p::WorldRank member : group.members)
        hosts.push_back(static_cast<std::uint32_t>(member) / 3);
      group.hosts.emplace(hosts);
    }
    groups.push_back(std::move(group));
  }
  calls_.resize(count);
}

void Plan::draw_messages(SimulatedStep& step, std::int32_t number) {
  const auto& members = groups[step.group].members;
  const std::size_t small = 2 * cluster.limits.eager_bytes;
  step.naming =
      std::array{Naming::exact, Naming::any_source, Naming::any_tag, Naming::mixed}[up_to(3)];
  step.receives_first = one_in(2);
  const std::size_t count = 1 + up_to(one_in(5) ? 60 : 15);
  for (std::size_t i = 0; i < count; ++i) {
    SimulatedMessage& message = step.messages.emplace_back();
    message.from = members[up_to(members.size() - 1)];
    message.to = members[up_to(members.size() - 1)];
    message.tag = 4 * number + static_cast<std::int32_t>(up_to(3));
    message.bytes = up_to(one_in(6) ? 20'000 : std::min<std::size_t>(small, 4000));
    message.dropped = one_in(8);
    message.synchronous = one_in(8);
  }
}

void Plan::draw_collective(SimulatedStep& step) {
  const SimulatedGroup& group = groups[step.group];
  CollectiveChoice choice;
  choice.operation = static_cast<coll::Operation>(up_to(coll::operation_count - 1));
  choice.algorithm = up_to(7);
  choice.ranks = static_cast<int>(group.members.size());
  choice.root = static_cast<int>(up_to(group.members.size() - 1));
  choice.count = up_to(one_in(4) ? 3000 : 60);
  choice.uniform = !one_in(3);
  choice.commutes = one_in(2);
  choice.segment_bytes = one_in(2) ? 64 : coll::default_segment_bytes;
  step.collective = make_collective(choice);
  step.call = calls_[step.group]++;
  step.waited_for_later = one_in(3);
}

void Plan::draw_fault() {
  if (one_in(2)) return;
  fault.kind =
      one_in(2) ? SimulatedFault::Kind::a_rank_dies : SimulatedFault::Kind::a_connection_breaks;
  // From the first instant to long after most jobs are over.
  fault.at = VirtualTime(1) * (1LL << (10 + up_to(21)));
  fault.rank = static_cast<p2p::WorldRank>(up_to(static_cast<std::size_t>(cluster.ranks) - 1));
  fault.other = (fault.rank + 1 +
                 static_cast<p2p::WorldRank>(up_to(static_cast<std::size_t>(cluster.ranks) - 2))) %
                cluster.ranks;
}

std::string Plan::describe() const {
  std::string text = std::to_string(cluster.ranks) + " ranks, " + std::to_string(groups.size()) +
                     " groups, " + std::to_string(steps.size()) + " steps";
  const std::string at = " at " + std::to_string(fault.at.count()) + " ns";
  switch (fault.kind) {
    case SimulatedFault::Kind::none:
      break;
    case SimulatedFault::Kind::a_rank_dies:
      text += "; rank " + std::to_string(fault.rank) + " dies" + at;
      break;
    case SimulatedFault::Kind::a_connection_breaks:
      text += "; the connection of ranks " + std::to_string(fault.rank) + " and " +
              std::to_string(fault.other) + " breaks" + at;
      break;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    text += "\n  group " + std::to_string(i) + ":";
    for (const p2p::WorldRank member : groups[i].members) text += " " + std::to_string(member);
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const SimulatedStep& step = steps[i];
    text += "\n  step " + std::to_string(i) + ", group " + std::to_string(step.group) + ": ";
    if (step.collective) {
      text += step.collective->describe();
      continue;
    }
    text += std::to_string(step.messages.size()) + " messages";
    if (step.naming == Naming::any_source) text += " from anybody";
    if (step.naming == Naming::any_tag) text += " of any tag";
    if (step.naming == Naming::mixed) text += ", some from anybody";
  }
  return text;
}

std::vector<std::byte> content_of(const SimulatedMessage& message, std::size_t number) {
  std::vector<std::byte> bytes(message.bytes);
  std::uint32_t state = static_cast<std::uint32_t>(message.from * 7919 + message.to * 104'729) +
                        static_cast<std::uint32_t>(message.tag) * 1'299'709 +
                        static_cast<std::uint32_t>(number) * 15'485'863;
  for (std::byte& byte : bytes) {
    state = state * 1'664'525 + 1'013'904'223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

}  // namespace prun::test
