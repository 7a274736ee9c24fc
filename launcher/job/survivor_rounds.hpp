#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "runtime/bootstrap/loss_messages.hpp"
#include "runtime/core/result.hpp"

namespace prun::job {

// Calls of survivors() under way: agreement through a sequencer, see docs/failures.md. The launcher
// hears of each member that comes and of each that is gone, in some order, and that order is
// everybody's. A plain value.
class SurvivorRounds {
 public:
  // A member has come. A failure: it cannot be true.
  core::Status come(const bootstrap::SurvivorsAsked& asked, std::uint32_t ranks);

  // The answers that are due now: of rounds to which every member has come that is not gone. Each
  // is given once.
  std::vector<bootstrap::SurvivorsAgreed> due(const std::vector<bool>& gone);

  bool empty() const { return rounds_.empty(); }

 private:
  // Communicators of one context have no member in common, so the two together name one.
  using Name = std::pair<std::uint32_t, std::vector<std::uint32_t>>;
  struct Round {
    std::vector<std::uint32_t> here;  // who has come
    std::uint32_t free_context = 0;   // the highest
  };
  // A rank may give up waiting and call on another communicator; one that never stops is none of ours.
  static constexpr std::size_t most_of_a_rank = 1024;

  std::map<Name, Round> rounds_;
  std::map<std::uint32_t, std::size_t> under_way_;  // by rank
};

}  // namespace prun::job
