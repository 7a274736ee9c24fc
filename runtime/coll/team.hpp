#pragma once

#include <prun/datatype.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/coll/cost.hpp"
#include "runtime/coll/host_map.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/p2p/endpoint.hpp"

namespace prun::coll {

class Team;

// One block on its way to another member: started when made, awaited for its end.
//   Sending out = team.send(next, block);
//   co_await out;
// Not copyable, not movable: it lives in the frame of the algorithm. Several at a
// time: transfers.hpp.
class Sending {
 public:
  Sending(const Team& team, int to, std::span<const std::byte> block);
  Sending(p2p::Endpoint& endpoint, p2p::WorldRank to, std::uint32_t context, std::int32_t tag,
          const detail::SendBuffer& buffer);

  bool await_ready() const noexcept { return operation_.done(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { operation_.set_waiter(waiter); }
  void await_resume() const;
  // For whoever waits for several: this one resumes nobody any more.
  void stop_waiting() noexcept { operation_.clear_waiter(); }

 private:
  p2p::SendOperation operation_;
};

// One block on its way from another member, of exactly that many elements.
class Receiving {
 public:
  Receiving(const Team& team, int from, std::span<std::byte> block);
  Receiving(p2p::Endpoint& endpoint, p2p::WorldRank from, std::uint32_t context, std::int32_t tag,
            const detail::RecvBuffer& buffer);

  bool await_ready() const noexcept { return operation_.done(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { operation_.set_waiter(waiter); }
  void await_resume() const;
  // For whoever waits for several: this one resumes nobody any more.
  void stop_waiting() noexcept { operation_.clear_waiter(); }

 private:
  p2p::RecvOperation operation_;
};

// Whether what was sent to a member has left this process. A small block is done when it is queued;
// a stream of them waits for this in between, so that it is never far ahead of the wire:
//   co_await outlet;
class Outlet {
 public:
  Outlet(const Team& team, int to);

  bool await_ready() const noexcept { return endpoint_.flushed(waiter_.peer); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_.waiter = waiter;
    endpoint_.wait_until_flushed(waiter_);
  }
  void await_resume() const noexcept {}
  void stop_waiting() { waiter_.forget(); }

 private:
  p2p::Endpoint& endpoint_;
  p2p::FlushWaiter waiter_;
};

// Where nobody chooses another size. A chain of eight hosts at 100 Mbit/s broadcasts 1 MiB within 4 %
// of the best in segments of 4 KiB, within 11 % in segments of 16 KiB; a small processor prefers few
// large ones. Below the eager limit, so that a segment needs no permission to leave.
inline constexpr std::size_t default_segment_bytes = 8u << 10;

// The members of one collective call as an algorithm sees them: ranks 0 to size-1, blocks of bytes.
// Copied into the algorithm's frame. Messages of one call carry its number as their tag and meet no
// other call's; between two members they match in the order started, so both ends must agree on
// that order. Bytes are whole elements of the type.
class Team {
 public:
  // `members`, world ranks by rank, outlive the collective.
  Team(p2p::Endpoint& endpoint, std::span<const p2p::WorldRank> members, int rank,
       std::uint32_t context, std::int32_t call, Datatype type)
      : endpoint_(&endpoint),
        members_(members),
        rank_(rank),
        context_(context),
        call_(call),
        type_(type) {}

  int rank() const { return rank_; }
  int size() const { return static_cast<int>(members_.size()); }
  const Datatype& type() const { return type_; }
  std::size_t element_bytes() const { return type_.size; }
  // The member `distance` further on, around the end: negative goes back.
  int neighbour(int distance) const { return ((rank_ + distance) % size() + size()) % size(); }
  // How much further on this member stands than `other`: 0 to size-1.
  int distance_from(int other) const { return (rank_ - other + size()) % size(); }

  // Pipelined algorithms cut their data into segments of about so many bytes; the same on every
  // member.
  std::size_t segment_bytes() const { return segment_bytes_; }
  void set_segment_bytes(std::size_t bytes) { segment_bytes_ = bytes; }

  // On how many hosts the members are, and how many on the host that has the most. Without a map
  // every member has a host of its own.
  int hosts() const { return map_ == nullptr ? size() : map_->count(); }
  int per_host() const { return map_ == nullptr ? 1 : map_->most_on_one(); }
  const HostMap* host_map() const { return map_; }
  // The map outlives the collective, like the members.
  void set_host_map(const HostMap* map) { map_ = map; }

  // What the links are like, where an algorithm has to choose others for its stages.
  const LinkModel& links() const { return links_; }
  void set_links(const LinkModel& links) { links_ = links; }

  // Some of the members as a team of their own, within the same call: `members` are world ranks,
  // this one at `rank`.
  Team part(std::span<const p2p::WorldRank> members, int rank, const HostMap* map) const {
    Team team = *this;
    team.members_ = members;
    team.rank_ = rank;
    team.map_ = map;
    return team;
  }
  // The same members, for blocks of another type.
  Team of_type(const Datatype& type) const {
    Team team = *this;
    team.type_ = type;
    return team;
  }
  p2p::WorldRank world(int rank) const { return members_[static_cast<std::size_t>(rank)]; }

  Sending send(int to, std::span<const std::byte> block) const { return Sending(*this, to, block); }
  Receiving recv(int from, std::span<std::byte> block) const {
    return Receiving(*this, from, block);
  }
  // A block whose size its receiver does not know: the buffer may grow.
  Receiving recv_into(int from, const detail::RecvBuffer& buffer) const {
    return Receiving(*endpoint_, world(from), context_, call_, buffer);
  }

 private:
  friend class Sending;
  friend class Receiving;
  friend class Outlet;

  p2p::Endpoint* endpoint_;
  std::span<const p2p::WorldRank> members_;
  int rank_;
  std::uint32_t context_;
  std::int32_t call_;
  Datatype type_;
  std::size_t segment_bytes_ = default_segment_bytes;
  const HostMap* map_ = nullptr;
  LinkModel links_;
};

}  // namespace prun::coll
