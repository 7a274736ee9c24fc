#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/bootstrap/hang_messages.hpp"

// What is known of a job at one moment, gathered from its ranks and agents. Plain values. What ranks
// say of themselves is believed for nothing but the words of a report.
namespace prun::hang {

struct RankFacts {
  std::uint32_t rank = 0;
  std::string host;  // empty: not worth naming

  // One of these; none: its host has not answered.
  std::optional<std::string> end;                  // "exited with status 0"
  std::optional<bootstrap::ProcessState> process;  // it did not answer, and this is what it does
  std::optional<bootstrap::RankState> state;       // its answer
};

struct JobFacts {
  std::vector<RankFacts> ranks;  // by rank
};

// The states of those that have answered: visit(const bootstrap::RankState&).
template <class Visit>
void each_state(const JobFacts& facts, Visit visit) {
  for (const auto& rank : facts.ranks) {
    if (rank.state) visit(*rank.state);
  }
}

}  // namespace prun::hang
