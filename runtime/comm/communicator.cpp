#include <prun/communicator.hpp>

#include <algorithm>
#include <tuple>

#include "runtime/comm/comm_state.hpp"

namespace prun {

int Communicator::rank() const {
  return state().rank();
}

int Communicator::size() const {
  return state().size();
}

std::string Communicator::host(int rank) const {
  return state().world().host_of(world_rank(rank));
}

int Communicator::world_rank(int rank) const {
  const detail::CommState& comm = state();
  if (rank < 0 || rank >= comm.size()) {
    throw Error(Errc::invalid_argument, comm.say("rank query") + ": there is no rank " +
                                            std::to_string(rank) + " in a communicator of " +
                                            std::to_string(comm.size()));
  }
  return comm.world_rank(rank);
}

std::optional<int> Communicator::rank_of_world(int world_rank) const {
  return state().rank_of(world_rank);
}

namespace {

// What each member says when communicators are made of one.
struct Choice {
  std::int32_t color;
  std::int32_t key;
  std::uint32_t free_context;
  std::uint8_t takes_part;
  std::uint8_t unused[3];
};

// Members of the new communicators agree on a number that none of them uses yet: the highest of
// what each could offer. Groups made by one call have no member in common, so they may share it.
// Contexts come in pairs, one for point to point and one for collectives.
std::shared_ptr<detail::CommState> make(const Communicator& parent, detail::CommState& comm,
                                        std::optional<int> color, int key, Deadline deadline,
                                        const CallSite& at) {
  detail::World& world = comm.world();
  const Choice mine{color.value_or(0), key, world.lowest_free_context(), color.has_value(), {}};
  const std::vector<Choice> choices = parent.allgather(mine, deadline, at);
  std::uint32_t context = 0;
  std::vector<std::tuple<int, int>> group;  // key, rank in the parent
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Choice& choice = choices[static_cast<std::size_t>(rank)];
    context = std::max(context, choice.free_context);
    if (color && choice.takes_part != 0 && choice.color == *color)
      group.emplace_back(choice.key, rank);
  }
  world.take_contexts_below(context + 2);
  if (!color) return nullptr;
  std::sort(group.begin(), group.end());
  std::vector<transport::WorldRank> members;
  for (const auto& [unused_key, rank] : group) members.push_back(comm.world_rank(rank));
  return std::make_shared<detail::CommState>(comm.shared_world(), std::move(members), context,
                                             &comm);
}

}  // namespace

Communicator Communicator::dup(Deadline deadline, CallSite at) const {
  return Communicator(make(*this, state(), 0, rank(), deadline, at));
}

Communicator Communicator::split(std::optional<int> color, int key, Deadline deadline,
                                 CallSite at) const {
  return Communicator(make(*this, state(), color, key, deadline, at));
}

Communicator Communicator::split_by_host(Deadline deadline, CallSite at) const {
  const detail::CommState& comm = state();
  return split(static_cast<int>(comm.world().host_index(comm.world().rank())), rank(), deadline,
               at);
}

}  // namespace prun
