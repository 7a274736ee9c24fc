#pragma once

#include <prun/call_site.hpp>
#include <prun/datatype.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/coll/start.hpp"
#include "runtime/comm/world.hpp"

namespace prun::detail {

// A collective that this rank has entered: what all members must agree on, for reports.
struct EnteredCall {
  std::string_view name;  // of the operation
  int root = -1;          // -1: it has none
  // Elements, where all members must agree on them.
  std::uint64_t count = bootstrap::AwaitedOperation::any_count;
  Datatype type;
  CallSite at;
};

// What a Communicator handle stands for: who its members are, and the two spaces of messages that
// are its own, one for point to point and one for collectives. Shared by the handles and by the
// operations under way on it.
class CommState : public std::enable_shared_from_this<CommState> {
 public:
  using WorldRank = transport::WorldRank;

  // `context` is the first of the two; see agree_on_context. What the members of `parent` know of
  // their links these know too; null for the world.
  CommState(std::shared_ptr<World> world, std::vector<WorldRank> members, std::uint32_t context,
            const CommState* parent);
  ~CommState();

  // env.world(). Of a rank that was started again it is good for names and numbers only: every
  // operation ends with peer_lost.
  static std::shared_ptr<CommState> of_world(std::shared_ptr<World> world);
  // Of env.world() alone: every process that the job has had or may have, its number as its rank.
  // For point to point of farms and for agreement on who is there, also with those started again.
  const std::shared_ptr<CommState>& lobby();

  World& world() const { return *world_; }
  const std::shared_ptr<World>& shared_world() const { return world_; }
  int rank() const { return rank_; }
  int size() const { return static_cast<int>(members_.size()); }
  const std::vector<WorldRank>& members() const { return members_; }
  WorldRank world_rank(int rank) const { return members_[static_cast<std::size_t>(rank)]; }
  std::optional<int> rank_of(WorldRank world_rank) const;

  std::uint32_t p2p_context() const { return context_; }
  // Who a receive from any source may hear from: members that are not lost, or not acknowledged as
  // such; this rank is the last of them. What it answers stays in place as long as this.
  std::span<const WorldRank> sources() const { return sources_.back(); }
  // Who one may hear from that blocks until the message is there, and so sends itself nothing. Alone
  // in its communicator it has no others ever.
  std::span<const WorldRank> sources_of_waiting() const {
    return size() == 1 ? sources() : sources().first(sources().size() - 1);
  }
  // Members that are lost, by their ranks here.
  std::vector<int> lost() const;
  // Those of them that are still among the sources; they are not after this.
  std::vector<int> acknowledge_lost();
  // Of a lobby: receives from any source may hear from that member as well.
  void add_source(int rank);
  // No collective ends well any more, and none is waited for.
  void end_collectives(const core::Failure& why);
  const std::optional<core::Failure>& collectives_ended() const { return collectives_ended_; }
  // The members as a collective algorithm sees them, for one more call. Members count their calls
  // alike.
  coll::Team enter(const EnteredCall& entered);
  // Calls entered so far, and the last of them, oldest first: visit(const EnteredCall&).
  std::uint32_t calls() const { return calls_; }
  template <class Visit>
  void each_last_call(Visit visit) const {
    for (std::uint32_t call = calls_ - std::min(calls_, calls_kept); call != calls_; ++call)
      visit(last_calls_[call % calls_kept]);
  }
  // What their algorithms are chosen from.
  coll::Basis basis();
  bool is_world() const { return context_ == 0; }
  bool is_lobby() const { return context_ == lobby_context; }
  // How many farms this rank has taken part in here; one more with each call.
  std::uint64_t next_farm() { return farms_++; }
  const coll::HostMap& host_map() const { return host_map_; }
  const coll::LinkState& link_state() const { return link_state_; }

  // "rank 1 on rpi2: recv from 0, tag 7": how a message to the user begins.
  std::string say(const std::string& operation) const;
  // "3", or "3 (rank 5 of the job)" where that is not the same.
  std::string say_rank(int rank) const;

 private:
  // Beyond all that are agreed on.
  static constexpr std::uint32_t lobby_context = 0xffff'fff0;

  std::shared_ptr<World> world_;
  std::vector<WorldRank> members_;
  std::unordered_map<WorldRank, int> ranks_;
  std::uint32_t context_;
  std::shared_ptr<CommState> lobby_;
  std::uint64_t farms_ = 0;
  int rank_ = -1;
  std::uint32_t calls_ = 0;
  std::list<std::vector<WorldRank>> sources_;  // receives under way may refer to earlier ones
  std::optional<core::Failure> collectives_ended_;
  static constexpr std::uint32_t calls_kept = 8;
  std::array<EnteredCall, calls_kept> last_calls_;
  coll::HostMap host_map_;
  coll::LinkState link_state_;
};

// A new communicator of all members that are left, the same at each of them, for which everyone
// calls. Those of a lobby stand in the order of their ranks in the job.
std::shared_ptr<CommState> agree_on_members(CommState& comm, const char* call,
                                            const Deadline& deadline, const CallSite& at);

}  // namespace prun::detail
