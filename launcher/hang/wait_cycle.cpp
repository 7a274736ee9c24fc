#include "launcher/hang/wait_cycle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <set>

#include "launcher/hang/collective_findings.hpp"

namespace prun::hang {
namespace {

using bootstrap::AwaitedOperation;
using Edges = std::vector<std::set<std::uint32_t>>;  // for whom each rank waits

constexpr std::size_t most_named = 12;
// With more ranks than that a circle that was found will do, though there may be a smaller one.
constexpr std::size_t most_searched = 1024;

// Members that have not come to the collective the rank is in. Of two that are in different calls of
// one number nobody can say who waits for whom.
void add_absent(const JobFacts& facts, const Communicators& communicators, const RankFacts& rank,
                std::set<std::uint32_t>& awaited) {
  const AwaitedOperation* collective = awaited_collective(rank);
  for (const auto& [key, members] : communicators) {
    if (key.first != collective->context || members.count(rank.rank) == 0) continue;
    for (const auto& [member, state] : members) {
      if (state->calls < collective->call && facts.ranks[member].state->waiting)
        awaited.insert(member);
    }
  }
}

Edges edges_of(const JobFacts& facts) {
  Edges edges(facts.ranks.size());
  const Communicators communicators = communicators_of(facts);
  for (const auto& rank : facts.ranks) {
    if (!rank.state || !rank.state->waiting) continue;
    const auto& state = *rank.state;
    if (state.any_is_enough && state.operations_in_all > 1) continue;
    for (const auto& operation : state.operations) {
      if (operation.kind == AwaitedOperation::Kind::collective) {
        add_absent(facts, communicators, rank, edges[rank.rank]);
      } else if (operation.kind != AwaitedOperation::Kind::flush && operation.peer >= 0 &&
                 static_cast<std::uint32_t>(operation.peer) < facts.ranks.size()) {
        edges[rank.rank].insert(static_cast<std::uint32_t>(operation.peer));
      }
    }
  }
  return edges;
}

// The shortest way from a rank back to itself over ranks that are not lower, by breadth.
std::vector<std::uint32_t> shortest_circle(const Edges& edges, std::uint32_t start) {
  constexpr auto none = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> came_from(edges.size(), none);
  std::deque<std::uint32_t> next{start};
  while (!next.empty()) {
    const std::uint32_t rank = next.front();
    next.pop_front();
    for (const std::uint32_t awaited : edges[rank]) {
      if (awaited == start) {
        std::vector<std::uint32_t> circle{rank};
        while (circle.back() != start) circle.push_back(came_from[circle.back()]);
        std::reverse(circle.begin(), circle.end());
        return circle;
      }
      if (awaited < start || came_from[awaited] != none) continue;
      came_from[awaited] = rank;
      next.push_back(awaited);
    }
  }
  return {};
}

}  // namespace

std::vector<std::uint32_t> find_cycle(const JobFacts& facts) {
  const Edges edges = edges_of(facts);
  std::vector<std::uint32_t> best;
  std::vector<bool> is_known(edges.size(), false);  // part of a circle that was found
  for (std::uint32_t start = 0; start < edges.size(); ++start) {
    if (is_known[start] && edges.size() > most_searched) continue;
    if (edges[start].count(start) != 0) continue;  // a send to oneself has its own sentence
    auto circle = shortest_circle(edges, start);
    for (const std::uint32_t rank : circle) is_known[rank] = true;
    if (!circle.empty() && (best.empty() || circle.size() < best.size())) best = std::move(circle);
    if (best.size() == 2) break;
  }
  return best;
}

std::string cycle_text(const std::vector<std::uint32_t>& cycle) {
  if (cycle.empty()) return {};
  std::string text = "each of these ranks waits for the next: ";
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (i == most_named) {
      text += fmt::format("... ({} ranks in all) -> ", cycle.size());
      break;
    }
    text += fmt::format("{} -> ", cycle[i]);
  }
  return text + std::to_string(cycle.front());
}

}  // namespace prun::hang
