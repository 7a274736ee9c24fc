#include "runtime/comm/comm_state.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace prun::detail {
namespace {

coll::HostMap hosts_of(const World& world, const std::vector<transport::WorldRank>& members) {
  std::vector<std::uint32_t> hosts;
  hosts.reserve(members.size());
  for (const transport::WorldRank member : members) hosts.push_back(world.host_index(member));
  return coll::HostMap(hosts);
}

}  // namespace

CommState::CommState(std::shared_ptr<World> world, std::vector<WorldRank> members,
                     std::uint32_t context, const CommState* parent)
    : world_(std::move(world)),
      members_(std::move(members)),
      context_(context),
      host_map_(hosts_of(*world_, members_)) {
  if (parent != nullptr && parent->link_state_.stage() == coll::LinkState::Stage::known)
    link_state_.know(parent->link_state_.links());
  for (int rank = 0; rank < size(); ++rank) ranks_.emplace(world_rank(rank), rank);
  rank_ = ranks_.at(world_->rank());
  std::vector<WorldRank>& sources = sources_.emplace_back(members_);
  std::rotate(sources.begin() + rank_, sources.begin() + rank_ + 1, sources.end());
  world_->membership().add(*this);
  world_->add_communicator(*this);
}

CommState::~CommState() {
  world_->membership().remove(*this);
  world_->remove_communicator(*this);
  if (is_world() || is_lobby()) return;
  world_->endpoint().retire_context(context_);
  world_->endpoint().retire_context(context_ + 1);
}

std::shared_ptr<CommState> CommState::of_world(std::shared_ptr<World> world) {
  std::vector<WorldRank> members(static_cast<std::size_t>(world->size()));
  std::iota(members.begin(), members.end(), 0);
  const WorldRank self = world->rank();
  members[static_cast<std::size_t>(world->rank_of(self))] = self;
  auto state = std::make_shared<CommState>(std::move(world), std::move(members), 0, nullptr);
  if (state->world().incarnation() > 0) {
    const core::Failure why{
        Errc::peer_lost,
        "this rank was lost and started again, and has no part in env.world() any "
        "more: env.restore() makes a communicator of all that are there",
        self};
    state->end_collectives(why);
    state->world().endpoint().end_context(0, why);
  }
  return state;
}

const std::shared_ptr<CommState>& CommState::lobby() {
  PRUN_ASSERT(is_world());
  if (!lobby_) {
    std::vector<WorldRank> members(static_cast<std::size_t>(world_->processes()));
    std::iota(members.begin(), members.end(), 0);
    std::vector<WorldRank> first(members.begin(), members.begin() + world_->size());
    lobby_ = std::make_shared<CommState>(world_, std::move(members), lobby_context, nullptr);
    // Of the others nobody knows yet whether they will ever be.
    lobby_->sources_.push_back(std::move(first));
  }
  return lobby_;
}

std::optional<int> CommState::rank_of(WorldRank world_rank) const {
  const auto found = ranks_.find(world_rank);
  return found == ranks_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<int> CommState::lost() const {
  std::vector<int> found;
  for (int rank = 0; rank < size(); ++rank) {
    if (world_->membership().is_lost(world_rank(rank))) found.push_back(rank);
  }
  return found;
}

std::vector<int> CommState::acknowledge_lost() {
  std::vector<int> found;
  std::vector<WorldRank> others;
  for (const WorldRank source : sources()) {
    if (world_->membership().is_lost(source)) {
      found.push_back(ranks_.at(source));
    } else {
      others.push_back(source);
    }
  }
  if (!found.empty()) sources_.push_back(std::move(others));
  return found;
}

void CommState::add_source(int rank) {
  std::vector<WorldRank> more = sources_.back();
  if (std::find(more.begin(), more.end(), world_rank(rank)) != more.end()) return;
  more.push_back(world_rank(rank));
  sources_.push_back(std::move(more));
}

void CommState::end_collectives(const core::Failure& why) {
  if (collectives_ended_) return;
  collectives_ended_ = why;
  world_->endpoint().end_context(context_ + 1, why);
}

coll::Team CommState::enter(const EnteredCall& entered) {
  last_calls_[calls_ % calls_kept] = entered;
  // Comes round after two thousand million calls; what is under way by then is long over.
  const std::uint32_t call =
      calls_++ & static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());
  coll::Team team(world_->endpoint(), members_, rank_, context_ + 1,
                  static_cast<std::int32_t>(call), entered.type);
  team.set_host_map(&host_map_);
  return team;
}

coll::Basis CommState::basis() {
  return {world_->tuning(), &link_state_, &world_->link_findings()};
}

std::string CommState::say(const std::string& operation) const {
  return world_->name(world_->rank()) + ": " + operation;
}

std::string CommState::say_rank(int rank) const {
  std::string text = std::to_string(rank);
  if (rank < 0 || rank >= size()) return text;
  const int in_job = world_->rank_of(world_rank(rank));
  if (is_lobby()) return std::to_string(in_job);
  if (in_job == rank) return text;
  return text + " (rank " + std::to_string(in_job) + " of the job)";
}

}  // namespace prun::detail
