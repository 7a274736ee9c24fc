#include "launcher/hang/collective_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "launcher/hang/words.hpp"

namespace prun::hang {
namespace {

using bootstrap::AwaitedOperation;
using bootstrap::CollectiveCall;
using bootstrap::CommunicatorState;

using ByRank = std::map<std::uint32_t, const CommunicatorState*>;

// That call of the rank, numbered from 1, if it is among the last it told of.
const CollectiveCall* call_of(const CommunicatorState& state, std::uint32_t number) {
  const auto kept = static_cast<std::uint32_t>(state.last_calls.size());
  if (number > state.calls || number <= state.calls - kept) return nullptr;
  return &state.last_calls[kept - 1 - (state.calls - number)];
}

// A thing that all members must agree on: in words, or nothing where a call does not tell it.
struct Aspect {
  std::function<std::string(const CollectiveCall&)> value;
  const char* rule;
};

const std::vector<Aspect>& aspects() {
  static const std::vector<Aspect> all{
      {[](const CollectiveCall& call) { return call.name; },
       "all members must call the same collectives in the same order"},
      {[](const CollectiveCall& call) {
         return call.root < 0 ? std::string() : fmt::format("with root {}", call.root);
       },
       "all members must name the same root"},
      {[](const CollectiveCall& call) {
         return call.count == AwaitedOperation::any_count || call.name == "barrier"
                    ? std::string()
                    : fmt::format("with {}", elements_text(call.count, call.type));
       },
       "all members must give the same number of elements of the same type"},
  };
  return all;
}

// Ranks that say the same, and where one of them stands.
struct Camp {
  std::vector<std::uint32_t> ranks;
  const CollectiveCall* call = nullptr;
  bool is_in_it = true;  // all of them, still
};

bool is_in(const RankFacts& rank, std::uint32_t context, std::uint32_t number) {
  if (!rank.state || !rank.state->waiting) return false;
  return std::any_of(rank.state->operations.begin(), rank.state->operations.end(),
                     [&](const AwaitedOperation& operation) {
                       return operation.kind == AwaitedOperation::Kind::collective &&
                              operation.context == context && operation.call == number;
                     });
}

std::string of_communicator(const JobFacts& facts, const CommunicatorKey& key,
                            std::uint32_t a_member) {
  if (key.first == 0) return {};
  return " of " + communicator_text(*facts.ranks[a_member].state, key.first);
}

std::string disagreement_text(const JobFacts& facts, const CommunicatorKey& key,
                              std::uint32_t number, const std::map<std::string, Camp>& camps,
                              bool in_name, const char* rule) {
  std::vector<std::pair<std::string, const Camp*>> sorted;
  for (const auto& [value, camp] : camps) sorted.emplace_back(value, &camp);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second->ranks.front() < b.second->ranks.front();
  });
  std::string text;
  for (const auto& [value, camp] : sorted) {
    const bool many = camp->ranks.size() > 1;
    const std::string verb = !camp->is_in_it ? "called" : many ? "are in" : "is in";
    text += fmt::format("{}{} {} {} #{}{}{}", text.empty() ? "" : ", ", ranks_text(camp->ranks),
                        verb, camp->call->name, number, in_name ? "" : " " + value,
                        place_in_brackets(camp->call->place));
  }
  return text + of_communicator(facts, key, sorted.front().second->ranks.front()) + ": " + rule;
}

std::optional<std::string> find_disagreement(const JobFacts& facts, const CommunicatorKey& key,
                                             const ByRank& members) {
  std::set<std::uint32_t> numbers;
  for (const auto& [rank, state] : members) {
    for (std::uint32_t i = 0; i < state->last_calls.size(); ++i) numbers.insert(state->calls - i);
  }
  for (const std::uint32_t number : numbers) {
    for (const Aspect& aspect : aspects()) {
      std::map<std::string, Camp> camps;
      for (const auto& [rank, state] : members) {
        const CollectiveCall* call = call_of(*state, number);
        if (call == nullptr) continue;
        const std::string value = aspect.value(*call);
        if (value.empty()) continue;
        Camp& camp = camps[value];
        camp.ranks.push_back(rank);
        camp.call = call;
        camp.is_in_it &= is_in(facts.ranks[rank], key.first, number);
      }
      if (camps.size() > 1) {
        return disagreement_text(facts, key, number, camps, &aspect == &aspects().front(),
                                 aspect.rule);
      }
    }
  }
  return std::nullopt;
}

// Who is asleep in the collective that is furthest on, and who has not come to it.
std::optional<std::string> find_absent_of(const JobFacts& facts, const CommunicatorKey& key,
                                          const ByRank& members) {
  std::vector<std::uint32_t> inside;
  const AwaitedOperation* collective = nullptr;
  bootstrap::SourcePlace place;
  for (const auto& [rank, state] : members) {
    if (!is_in(facts.ranks[rank], key.first, state->calls)) continue;
    const AwaitedOperation* one = awaited_collective(facts.ranks[rank]);
    if (one->context != key.first || (collective != nullptr && one->call < collective->call))
      continue;
    if (collective != nullptr && one->call > collective->call) inside.clear();
    collective = one;
    place = facts.ranks[rank].state->place;
    inside.push_back(rank);
  }
  if (collective == nullptr) return std::nullopt;
  std::map<std::string, std::vector<std::uint32_t>> absent;  // by what they do
  const auto look_at = [&](const RankFacts& rank) {
    const auto known = members.find(rank.rank);
    if (known != members.end() && known->second->calls >= collective->call) return;
    absent[doing_text(rank)].push_back(rank.rank);
  };
  if (key.second.empty()) {
    for (const auto& rank : facts.ranks) look_at(rank);
  } else {
    for (const auto rank : key.second) {
      if (rank < facts.ranks.size()) look_at(facts.ranks[rank]);
    }
  }
  if (absent.empty()) return std::nullopt;
  std::string text = fmt::format(
      "{} {} in {} #{}{}{}", ranks_text(inside), inside.size() > 1 ? "are" : "is", collective->name,
      collective->call, of_communicator(facts, key, inside.front()), place_in_brackets(place));
  std::size_t told = 0;
  for (const auto& [doing, ranks] : absent) {
    if (++told > 3) break;
    text += fmt::format(
        "{} {}, which {}", told == 1 ? ", but not" : "; not", ranks_text(ranks),
        ranks.size() > 1 && doing.starts_with("is ") ? "are " + doing.substr(3) : doing);
  }
  return text;
}

template <class Find>
std::vector<std::string> find_in_each(const JobFacts& facts, Find find) {
  std::vector<std::string> found;
  for (const auto& [key, members] : communicators_of(facts)) {
    if (auto sentence = find(facts, key, members)) found.push_back(std::move(*sentence));
  }
  return found;
}

}  // namespace

Communicators communicators_of(const JobFacts& facts) {
  Communicators all;
  each_state(facts, [&](const bootstrap::RankState& state) {
    for (const auto& communicator : state.communicators)
      all[{communicator.context, communicator.members}][state.rank] = &communicator;
  });
  return all;
}

const AwaitedOperation* awaited_collective(const RankFacts& rank) {
  if (!rank.state || !rank.state->waiting) return nullptr;
  const auto& operations = rank.state->operations;
  const auto found = std::find_if(
      operations.begin(), operations.end(),
      [](const AwaitedOperation& one) { return one.kind == AwaitedOperation::Kind::collective; });
  return found == operations.end() ? nullptr : &*found;
}

std::vector<std::string> find_disagreements(const JobFacts& facts) {
  return find_in_each(facts, find_disagreement);
}

std::vector<std::string> find_absent(const JobFacts& facts) {
  return find_in_each(facts, find_absent_of);
}

}  // namespace prun::hang
