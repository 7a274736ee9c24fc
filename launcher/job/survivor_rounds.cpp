#include "launcher/job/survivor_rounds.hpp"

#include <algorithm>

namespace prun::job {

core::Status SurvivorRounds::come(const bootstrap::SurvivorsAsked& asked, std::uint32_t ranks) {
  const bool known = std::all_of(asked.members.begin(), asked.members.end(),
                                 [ranks](std::uint32_t rank) { return rank < ranks; });
  if (!known) return core::Failure{Errc::bad_data, "it speaks of ranks that there are not"};
  Round& round = rounds_[{asked.context, asked.members}];
  if (std::find(round.here.begin(), round.here.end(), asked.rank) != round.here.end())
    return core::Done{};
  if (++under_way_[asked.rank] > most_of_a_rank)
    return core::Failure{Errc::bad_data, "it waits for more than it can"};
  round.here.push_back(asked.rank);
  round.free_context = std::max(round.free_context, asked.free_context);
  return core::Done{};
}

std::vector<bootstrap::SurvivorsAgreed> SurvivorRounds::due(const std::vector<bool>& gone) {
  std::vector<bootstrap::SurvivorsAgreed> answers;
  for (auto next = rounds_.begin(); next != rounds_.end();) {
    const auto& [name, round] = *next;
    const auto& [context, members] = name;
    bootstrap::SurvivorsAgreed answer{context, round.free_context, {}};
    bool all_here = true;
    for (const std::uint32_t rank : members) {
      if (gone[rank]) continue;
      answer.members.push_back(rank);
      all_here =
          all_here && std::find(round.here.begin(), round.here.end(), rank) != round.here.end();
    }
    if (!all_here) {
      ++next;
      continue;
    }
    for (const std::uint32_t rank : round.here) --under_way_[rank];
    if (!answer.members.empty()) answers.push_back(std::move(answer));
    next = rounds_.erase(next);
  }
  return answers;
}

}  // namespace prun::job
