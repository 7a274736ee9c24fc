#include "launcher/cli/nearest.hpp"

#include <algorithm>

#include "launcher/cli/values.hpp"

namespace prun::cli {
namespace {

// Optimal string alignment distance (Damerau-Levenshtein without repeated edits of one place).
std::size_t slips(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string wanted = lower(word.substr(0, 64));
  std::size_t best_slips = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  std::string best;
  for (const auto& candidate : candidates) {
    if (candidate.size() < 2 && lower(candidate) != wanted)
      continue;  // any letter is one slip from any other
    const std::size_t distance = slips(wanted, lower(candidate));
    if (distance < best_slips) {
      best_slips = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace prun::cli
