#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/bootstrap/loss_messages.hpp"
#include "runtime/p2p/endpoint.hpp"

namespace prun::detail {

class CommState;

// What this rank knows of who is left, and what follows for its communicators: collectives with a
// lost member end, and survivors() is agreed on through the launcher. docs/failures.md says why it is
// right. Owned by the World; one thread.
class Membership {
 public:
  using WorldRank = transport::WorldRank;
  using Namer = std::function<std::string(WorldRank)>;
  // To the launcher. None in a world of one.
  using Ask = std::function<void(const bootstrap::SurvivorsAsked&)>;

  // `size`: of the world.
  Membership(WorldRank self, WorldRank size, p2p::Endpoint& endpoint, Namer name, Ask ask);

  // Communicators come and go.
  void add(CommState& comm);
  void remove(CommState& comm) { comms_.erase(&comm); }

  // Nothing comes from the rank any more. After the endpoint was told.
  void lost(WorldRank rank, const std::string& cause);
  bool is_lost(WorldRank rank) const { return lost_.contains(rank); }

  // From the launcher.
  void asked(const bootstrap::SurvivorsAsked& message);
  void agreed(const bootstrap::SurvivorsAgreed& message);

  // Who has come to survivors() of the communicator and waits for this rank.
  std::vector<WorldRank> waiting(const CommState& comm) const;
  // This rank comes to survivors() of the communicator, unless it has and waits for the answer still.
  void come(CommState& comm, std::uint32_t free_context);
  // The answer, once it is there and nothing more comes from those that are not in it.
  const bootstrap::SurvivorsAgreed* answer(const CommState& comm) const;
  bootstrap::SurvivorsAgreed take_answer(const CommState& comm);

 private:
  void end_collectives_with(WorldRank rank, const core::Failure& why);

  bool known(const std::vector<std::uint32_t>& ranks) const;

  WorldRank self_;
  WorldRank size_;
  p2p::Endpoint& endpoint_;
  Namer name_;
  Ask ask_;
  std::set<CommState*> comms_;
  std::map<WorldRank, core::Failure> lost_;
  // By the communicator's context: this rank has come, and perhaps all others too.
  std::unordered_map<std::uint32_t, std::optional<bootstrap::SurvivorsAgreed>> rounds_;
  // Who has come to the survivors() of which context, this rank not yet.
  std::unordered_map<WorldRank, std::uint32_t> waiting_for_us_;
};

}  // namespace prun::detail
