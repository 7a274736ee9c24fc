#include <prun/communicator.hpp>

#include <algorithm>
#include <tuple>

#include "runtime/comm/pending.hpp"

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
  return comm.world().rank_of(comm.world_rank(rank));
}

std::optional<int> Communicator::rank_of_world(int world_rank) const {
  const detail::CommState& comm = state();
  if (world_rank < 0 || world_rank >= comm.world().size()) return std::nullopt;
  const int ranks = comm.world().size();
  for (int process = world_rank; process < comm.world().processes(); process += ranks) {
    if (const auto rank = comm.rank_of(process)) return rank;
  }
  return std::nullopt;
}

namespace {

// What each member says when communicators are made of one.
struct Choice {
  std::int32_t color;
  std::int32_t key;
  std::uint32_t free_context;
  std::uint8_t takes_part;
  std::uint8_t unused[3];

  bool operator==(const Choice&) const = default;
};

// Their numbers are never used again: more than a program could make in years.
constexpr std::uint32_t most_contexts = 1u << 31;

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
    // What no rank of ours says would lead into the contexts of others.
    if (choice.free_context < 2 || choice.free_context > most_contexts ||
        choice.free_context % 2 != 0 || (rank == comm.rank() && choice != mine)) {
      throw Error(Errc::bad_data,
                  comm.say("a new communicator") + ": " + world.name(comm.world_rank(rank)) +
                      " offers a number that none can have: " + std::to_string(choice.free_context),
                  rank);
    }
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

std::vector<int> Communicator::lost() const {
  detail::CommState& comm = state();
  comm.world().check_usable();
  comm.world().poll();
  return comm.lost();
}

std::vector<int> Communicator::acknowledge_lost() const {
  detail::CommState& comm = state();
  comm.world().check_usable();
  return comm.acknowledge_lost();
}

Communicator Communicator::survivors(Deadline deadline, CallSite at) const {
  return Communicator(detail::agree_on_members(state(), "survivors", deadline, at));
}

namespace detail {

std::shared_ptr<CommState> agree_on_members(CommState& comm, const char* call,
                                            const Deadline& deadline, const CallSite& at) {
  World& world = comm.world();
  world.check_usable();
  if (comm.is_world() && world.incarnation() > 0 && comm.collectives_ended())
    raise(comm, call, *comm.collectives_ended());
  Membership& membership = world.membership();
  membership.come(comm, world.lowest_free_context());
  const auto answered = [&] { return membership.answer(comm) != nullptr; };
  // The launcher's answer ends this, so no set of ranks can stand still in it for ever by themselves.
  const WaitingBesides waiting(call, at);
  const Deadline some_time = deadline.at() ? deadline : Deadline(std::chrono::hours(24 * 365));
  if (!world.wait_and_flush(answered, some_time, waiting)) raise_timeout(comm, call);
  const auto answer = membership.take_answer(comm);
  world.take_contexts_below(answer.new_context + 2);
  std::vector<transport::WorldRank> left(answer.members.begin(), answer.members.end());
  if (comm.is_lobby()) {
    std::sort(left.begin(), left.end(),
              [&](auto a, auto b) { return world.rank_of(a) < world.rank_of(b); });
  }
  return std::make_shared<CommState>(comm.shared_world(), std::move(left), answer.new_context,
                                     &comm);
}

}  // namespace detail

}  // namespace prun
