#include "launcher/hang/quiescence.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace prun::hang {
namespace {

// Another thread of the rank that uses more of a core than this is at work on something.
constexpr std::uint32_t busy_permille = 20;

// By sender and receiver.
using Counts = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

bool is_stuck(const RankFacts& rank) {
  if (rank.end) return true;
  return rank.state && rank.state->waiting && !rank.state->may_end_by_itself &&
         rank.state->busy_permille <= busy_permille;
}

// Between ranks that have answered. What ended ranks have sent was in their peers' kernels before
// they ended.
bool all_received(const JobFacts& facts) {
  Counts sent;
  Counts received;
  const auto has_answered = [&](std::uint32_t rank) {
    return rank < facts.ranks.size() && facts.ranks[rank].state;
  };
  each_state(facts, [&](const bootstrap::RankState& state) {
    for (const auto& link : state.links) {
      if (!has_answered(link.peer)) continue;
      if (link.sent != 0) sent[{state.rank, link.peer}] = link.sent;
      if (link.received != 0) received[{link.peer, state.rank}] = link.received;
    }
  });
  return sent == received;
}

std::vector<bootstrap::LinkCount> links_of(const RankFacts& rank) {
  if (!rank.state) return {};
  auto links = rank.state->links;
  std::sort(links.begin(), links.end(),
            [](const auto& a, const auto& b) { return a.peer < b.peer; });
  return links;
}

}  // namespace

bool same_counts(const JobFacts& before, const JobFacts& now) {
  return std::equal(before.ranks.begin(), before.ranks.end(), now.ranks.begin(), now.ranks.end(),
                    [](const RankFacts& then, const RankFacts& later) {
                      return !then.state || !later.state || links_of(then) == links_of(later);
                    });
}

bool is_deadlock(const JobFacts& before, const JobFacts& now) {
  const auto stuck = [](const JobFacts& facts) {
    return std::all_of(facts.ranks.begin(), facts.ranks.end(), is_stuck) &&
           std::any_of(facts.ranks.begin(), facts.ranks.end(),
                       [](const RankFacts& rank) { return rank.state.has_value(); }) &&
           all_received(facts);
  };
  return stuck(before) && stuck(now) && same_counts(before, now);
}

}  // namespace prun::hang
