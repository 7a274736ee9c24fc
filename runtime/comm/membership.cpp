#include "runtime/comm/membership.hpp"

#include <algorithm>
#include <utility>

#include "runtime/comm/comm_state.hpp"

namespace prun::detail {
namespace {

bool contains(const std::vector<std::uint32_t>& ranks, transport::WorldRank rank) {
  return std::find(ranks.begin(), ranks.end(), static_cast<std::uint32_t>(rank)) != ranks.end();
}

}  // namespace

Membership::Membership(WorldRank self, WorldRank size, p2p::Endpoint& endpoint, Namer name, Ask ask)
    : self_(self), size_(size), endpoint_(endpoint), name_(std::move(name)), ask_(std::move(ask)) {}

// Every one is of the world, and this rank is among them.
bool Membership::known(const std::vector<std::uint32_t>& ranks) const {
  return contains(ranks, self_) &&
         std::all_of(ranks.begin(), ranks.end(), [this](std::uint32_t rank) {
           return rank < static_cast<std::uint32_t>(size_);
         });
}

void Membership::add(CommState& comm) {
  comms_.insert(&comm);
  for (const auto& [rank, why] : lost_) {
    if (comm.rank_of(rank)) comm.end_collectives(why);
  }
}

void Membership::lost(WorldRank rank, const std::string& cause) {
  const core::Failure why{Errc::peer_lost, name_(rank) + " " + cause, rank};
  if (!lost_.emplace(rank, why).second) return;
  waiting_for_us_.erase(rank);
  end_collectives_with(rank, why);
}

void Membership::end_collectives_with(WorldRank rank, const core::Failure& why) {
  for (CommState* comm : comms_) {
    if (comm->rank_of(rank)) comm->end_collectives(why);
  }
}

void Membership::asked(const bootstrap::SurvivorsAsked& message) {
  const auto rank = static_cast<WorldRank>(message.rank);
  if (rank == self_ || !known(message.members)) return;
  // One that has its answer is over: this is the next, where a communicator has several.
  const auto own = rounds_.find(message.context);
  if ((own != rounds_.end() && !own->second) || is_lost(rank)) return;
  const core::Failure why{Errc::peer_lost,
                          name_(rank) + " waits in survivors() for all that are left: call it too",
                          rank};
  waiting_for_us_[rank] = message.context;
  endpoint_.peer_away(rank, why);
  end_collectives_with(rank, why);
}

void Membership::agreed(const bootstrap::SurvivorsAgreed& message) {
  if (!known(message.members)) return;
  std::erase_if(waiting_for_us_, [&](const auto& entry) {
    if (entry.second != message.context || !contains(message.members, entry.first)) return false;
    endpoint_.peer_back(entry.first);
    return true;
  });
  const auto round = rounds_.find(message.context);
  if (round != rounds_.end()) round->second = message;
}

std::vector<Membership::WorldRank> Membership::waiting(const CommState& comm) const {
  std::vector<WorldRank> found;
  for (const auto& [rank, context] : waiting_for_us_) {
    if (context == comm.p2p_context()) found.push_back(rank);
  }
  return found;
}

void Membership::come(CommState& comm, std::uint32_t free_context) {
  const std::uint32_t context = comm.p2p_context();
  if (!rounds_.try_emplace(context).second) return;
  const core::Failure why{Errc::peer_lost,
                          "this rank has called survivors(): collectives need a communicator made "
                          "from that"};
  for (const WorldRank member : comm.members()) {
    if (member != self_ && !endpoint_.peer_gone(member)) end_collectives_with(member, why);
  }
  bootstrap::SurvivorsAsked message;
  message.rank = static_cast<std::uint32_t>(self_);
  message.context = context;
  message.free_context = free_context;
  for (const WorldRank member : comm.members())
    message.members.push_back(static_cast<std::uint32_t>(member));
  if (ask_) {
    ask_(message);
  } else {
    agreed({context, free_context, message.members});
  }
}

const bootstrap::SurvivorsAgreed* Membership::answer(const CommState& comm) const {
  const auto round = rounds_.find(comm.p2p_context());
  if (round == rounds_.end() || !round->second) return nullptr;
  const bootstrap::SurvivorsAgreed& answer = *round->second;
  // Of the processes of a lobby some never were.
  if (comm.is_lobby()) return &answer;
  const bool over =
      std::all_of(comm.members().begin(), comm.members().end(), [&](WorldRank member) {
        return contains(answer.members, member) || endpoint_.peer_gone(member);
      });
  return over ? &answer : nullptr;
}

bootstrap::SurvivorsAgreed Membership::take_answer(const CommState& comm) {
  auto node = rounds_.extract(comm.p2p_context());
  return *std::move(node.mapped());
}

}  // namespace prun::detail
