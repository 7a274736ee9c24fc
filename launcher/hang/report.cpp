#include "launcher/hang/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include "launcher/hang/words.hpp"

namespace prun::hang {
namespace {

// Beyond this ranks are grouped by the call alone, and beyond it again the rest is counted.
constexpr std::size_t most_lines = 24;

struct Verb {
  std::string_view of_one;
  std::string_view of_many;
};
constexpr Verb verbs[] = {{"is ", "are "},           {"has ", "have "},     {"waits ", "wait "},
                          {"computes ", "compute "}, {"sleeps ", "sleep "}, {"goes ", "go "}};

// Ranks that do the same.
struct Group {
  std::vector<std::uint32_t> ranks;
  std::set<std::string> hosts;
  std::string doing;
  std::uint64_t shortest_ms = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t longest_ms = 0;
};

std::vector<Group> group(const JobFacts& facts, bool brief) {
  std::vector<Group> groups;
  std::map<std::string, std::size_t> index;
  for (const auto& rank : facts.ranks) {
    const std::string doing = doing_text(rank, brief);
    const auto [found, is_new] = index.emplace(doing, groups.size());
    if (is_new) groups.push_back({{}, {}, doing});
    Group& one = groups[found->second];
    one.ranks.push_back(rank.rank);
    one.hosts.insert(rank.host);
    if (rank.state && rank.state->waiting) {
      one.shortest_ms = std::min(one.shortest_ms, rank.state->still_ms);
      one.longest_ms = std::max(one.longest_ms, rank.state->still_ms);
    }
  }
  return groups;
}

std::string how_long(const Group& group) {
  if (group.shortest_ms > group.longest_ms) return {};
  const std::string longest = duration_text(group.longest_ms);
  if (group.longest_ms - group.shortest_ms <= 1000 + group.longest_ms / 4)
    return ", for " + longest;
  return ", for " + duration_text(group.shortest_ms) + " to " + longest;
}

// Of one rank also its host.
std::string line_of(const Group& group) {
  std::string who = ranks_text(group.ranks);
  if (group.ranks.size() == 1 && !group.hosts.begin()->empty())
    who += " on " + *group.hosts.begin();
  std::string doing = group.doing;
  if (group.ranks.size() > 1) {
    const auto verb = std::find_if(std::begin(verbs), std::end(verbs),
                                   [&](const Verb& one) { return doing.starts_with(one.of_one); });
    if (verb != std::end(verbs)) doing.replace(0, verb->of_one.size(), verb->of_many);
  }
  return who + " " + doing + how_long(group);
}

}  // namespace

std::vector<std::string> report(const JobFacts& facts, const std::vector<std::string>& findings) {
  auto groups = group(facts, false);
  if (groups.size() > most_lines) groups = group(facts, true);
  std::vector<std::string> lines;
  for (const auto& one : groups) {
    if (lines.size() == most_lines) {
      lines.push_back(fmt::format("and {} further kinds of waiting", groups.size() - most_lines));
      break;
    }
    lines.push_back(line_of(one));
  }
  lines.insert(lines.end(), findings.begin(), findings.end());
  return lines;
}

}  // namespace prun::hang
