#include "launcher/hang/silent_links.hpp"

#include <fmt/format.h>

#include "launcher/hang/words.hpp"

namespace prun::hang {
namespace {

using std::chrono::milliseconds;

// A host that is slow to answer, or a cable that is out for a moment, is not worth a line.
constexpr milliseconds worth_telling{5000};

std::string name_of(const RankFacts& rank) {
  return rank.host.empty() ? fmt::format("rank {}", rank.rank)
                           : fmt::format("rank {} on {}", rank.rank, rank.host);
}

}  // namespace

std::optional<SilentPair> find_silent_pair(const JobFacts& facts, milliseconds limit) {
  std::optional<SilentPair> longest;
  each_state(facts, [&](const bootstrap::RankState& state) {
    for (const auto& link : state.silent) {
      if (link.peer >= facts.ranks.size() || !facts.ranks[link.peer].state) continue;
      const milliseconds silence(link.ms);
      if (silence < limit || (longest && silence <= longest->silence)) continue;
      longest = SilentPair{state.rank, link.peer, silence};
    }
  });
  return longest;
}

std::string silent_pair_text(const JobFacts& facts, const SilentPair& pair) {
  return fmt::format(
      "nothing that {} sends to {} has been confirmed for {}, though both hosts answer prun: does "
      "a "
      "firewall between them drop it?",
      name_of(facts.ranks[pair.rank]), name_of(facts.ranks[pair.peer]),
      duration_text(static_cast<std::uint64_t>(pair.silence.count())));
}

std::vector<std::string> find_silent(const JobFacts& facts) {
  const auto pair = find_silent_pair(facts, worth_telling);
  if (!pair) return {};
  return {silent_pair_text(facts, *pair)};
}

}  // namespace prun::hang
