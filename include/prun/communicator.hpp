#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <prun/buffer.hpp>
#include <prun/call_site.hpp>
#include <prun/deadline.hpp>
#include <prun/detail/operations.hpp>
#include <prun/error.hpp>
#include <prun/layout.hpp>
#include <prun/op.hpp>
#include <prun/request.hpp>
#include <prun/status.hpp>

namespace prun {

class Communicator;
namespace detail {
CommState& state_of(const Communicator& comm);
}

// A group of ranks and a space of messages that no other communicator sees.
//
// A Communicator is a handle: copies mean the same communicator, dup() makes a new one. All members
// call each collective in the same order. One thread at a time may use the communicators of a
// process.
//
// What can be sent: an Element (number, enumeration, trivially copyable struct), a run of Elements
// (vector, array, span, string, C array), both straight from where they lie; with
// <prun/serialize.hpp> also whatever cereal can serialize. Type and count travel along: a vector or
// string receives any length in one message; another type, or more elements than fit, is an Error
// that names both sides.
//
// Order: two messages from one rank to another on one communicator that could both match a receive
// match in the order sent. `send` returns when the buffer may be used again: small messages are on
// their way or copied by then, large ones have been taken by the receiver or by its memory for
// unexpected messages (PRUN_UNEXPECTED_BYTES).
//
// Errors: invalid_argument for misuse, found before anything is sent; type_mismatch, truncated,
// timed_out, peer_lost, peer_finished as their names say. Tags are 0 to 2^31-1. A blocking
// collective that fails or times out leaves the communicator usable for point to point only:
// members may stand at different points of it.
class Communicator {
 public:
  // Not a communicator: what split gives a rank that asked for no part. Everything but valid()
  // throws.
  Communicator() = default;
  explicit Communicator(std::shared_ptr<detail::CommState> state) : state_(std::move(state)) {}

  bool valid() const noexcept { return state_ != nullptr; }

  // --- who is here
  // -------------------------------------------------------------------------------------------------
  int rank() const;
  int size() const;
  // The host a rank runs on, as named to prun; this machine's name when started without hosts.
  std::string host(int rank) const;
  std::string host() const { return host(rank()); }
  // The rank in env.world() of a member, and the other way round (nothing if it is no member).
  int world_rank(int rank) const;
  std::optional<int> rank_of_world(int world_rank) const;

  // --- new communicators: collective over this one
  // --------------------------------------------------------------------
  Communicator dup(Deadline deadline = {}, CallSite at = CallSite::here()) const;
  // One communicator for each color, ranks ordered by key, then by rank here. No color: no
  // communicator.
  Communicator split(std::optional<int> color, int key = 0, Deadline deadline = {},
                     CallSite at = CallSite::here()) const;
  // One communicator for each host.
  Communicator split_by_host(Deadline deadline = {}, CallSite at = CallSite::here()) const;

  // --- lost ranks, where the job goes on without them (prun --on-failure=continue)
  // -------------------------------------------
  // docs/failures.md says what becomes of operations. None of these is collective but survivors().

  // The ranks of this communicator that are lost, in order, as far as this rank knows. Nothing more
  // comes from them.
  std::vector<int> lost() const;
  // Those of them that are new since the last time. Receives from any source end with peer_lost
  // until this was called; from then on they mean the other ranks.
  std::vector<int> acknowledge_lost() const;
  // A communicator of all members that are left, in the same order, the same at each of them: every
  // one calls it. Also when nobody is lost, and when others are lost meanwhile. From the first call
  // on whatever waits for a member that has come ends with peer_lost at the others, so that they
  // can come too. This communicator is good for point to point then, no longer for collectives.
  // Past the deadline it throws timed_out and may be called again.
  Communicator survivors(Deadline deadline = {}, CallSite at = CallSite::here()) const;

  // --- point to point
  // -----------------------------------------------------------------------------------------------
  template <class T>
  requires detail::Sendable<T>
  void send(const T& value, int dest, int tag = 0, Deadline deadline = {},
            CallSite at = CallSite::here()) const {
    detail::with_bytes(value, [&](const detail::SendBuffer& buffer) {
      detail::send(state(), buffer, dest, tag, detail::SendMode::standard, deadline, at);
    });
  }

  // Returns only once the receiver has matched the message.
  template <class T>
  requires detail::Sendable<T>
  void ssend(const T& value, int dest, int tag = 0, Deadline deadline = {},
             CallSite at = CallSite::here()) const {
    detail::with_bytes(value, [&](const detail::SendBuffer& buffer) {
      detail::send(state(), buffer, dest, tag, detail::SendMode::synchronous, deadline, at);
    });
  }

  // The value lies still until the request is complete; one that is given away (an rvalue) is kept
  // by the request.
  template <class T>
  requires detail::Sendable<std::remove_cvref_t<T>> Request isend(T&& value, int dest, int tag = 0,
                                                                  CallSite at = CallSite::here())
  const { return start_send(std::forward<T>(value), dest, tag, detail::SendMode::standard, at); }
  template <class T>
  requires detail::Sendable<std::remove_cvref_t<T>> Request issend(T&& value, int dest, int tag = 0,
                                                                   CallSite at = CallSite::here())
  const { return start_send(std::forward<T>(value), dest, tag, detail::SendMode::synchronous, at); }

  // world.recv<std::vector<double>>(source, tag): the value of the next message that matches.
  template <class T>
  requires detail::Receivable<T> T recv(Source source = any_source, TagMatch tag = any_tag,
                                        Deadline deadline = {}, CallSite at = CallSite::here())
  const {
    T value{};
    recv(value, source, tag, deadline, at);
    return value;
  }

  // Into a place of the caller's: a vector or string takes the length of the message, a span or
  // array is filled from its front (status.count says how far), a single element takes exactly one.
  template <class... Deduced, class T>
  requires(sizeof...(Deduced) == 0 && detail::Receivable<std::remove_reference_t<T>>) Status
      recv(T&& into, Source source, TagMatch tag = any_tag, Deadline deadline = {},
           CallSite at = CallSite::here())
  const {
    using Value = std::remove_reference_t<T>;
    if constexpr (detail::PlainTarget<Value>) {
      return detail::recv(state(), detail::recv_buffer(into), source, tag, deadline, at);
    } else {
      std::vector<std::byte> packed;
      const Status status =
          detail::recv(state(), detail::packed_buffer<Value>(packed), source, tag, deadline, at);
      into = detail::Packer<Value>::unpack(packed);
      return status;
    }
  }

  // The place lies still until the request is complete. A span may be given as a temporary, what it
  // names may not be.
  template <class... Deduced, class T>
  requires(sizeof...(Deduced) == 0 && detail::PlainTarget<std::remove_reference_t<T>> &&
           (std::is_lvalue_reference_v<T> || std::ranges::borrowed_range<T>)) Request
      irecv(T&& into, Source source = any_source, TagMatch tag = any_tag,
            CallSite at = CallSite::here())
  const { return detail::irecv(state(), detail::recv_buffer(into), source, tag, at); }

  // world.irecv<T>(source, tag).get(): a value on its way.
  template <class T>
  requires detail::PlainTarget<T> Incoming<T> irecv(Source source = any_source,
                                                    TagMatch tag = any_tag,
                                                    CallSite at = CallSite::here())
  const {
    auto value = std::make_shared<T>();
    Request request = detail::irecv(state(), detail::recv_buffer(*value), source, tag, at, value);
    return Incoming<T>(std::move(request), std::move(value));
  }

  // Both at once: neither waits for the other.
  template <class S, class R>
  requires detail::Plain<S> && detail::PlainTarget<std::remove_reference_t<R>> Status
  sendrecv(const S& value, int dest, int send_tag, R&& into, Source source,
           TagMatch recv_tag = any_tag, Deadline deadline = {}, CallSite at = CallSite::here())
  const {
    return detail::sendrecv(state(), detail::send_buffer(value), dest, send_tag,
                            detail::recv_buffer(into), source, recv_tag, deadline, at);
  }

  // Waits for a message that a receive with these arguments would take, and leaves it there.
  Status probe(Source source = any_source, TagMatch tag = any_tag, Deadline deadline = {},
               CallSite at = CallSite::here()) const;
  std::optional<Status> iprobe(Source source = any_source, TagMatch tag = any_tag) const;

  // --- collectives
  // --------------------------------------------------------------------------------------------------
  // Every member calls; counts and types agree. `in_place` in place of the contribution means that
  // it lies in the result's place already. The i-forms start and return; buffers lie still until
  // the request is complete.

  // Returns when every member has entered.
  void barrier(Deadline deadline = {}, CallSite at = CallSite::here()) const {
    ibarrier(at).wait(deadline, at);
  }
  Request ibarrier(CallSite at = CallSite::here()) const { return detail::ibarrier(state(), at); }

  // The root's value, everywhere. A vector or string takes the root's length elsewhere, at the
  // price of one more small broadcast; spans, arrays and elements have the same count everywhere.
  template <class T>
  requires detail::Receivable<std::remove_reference_t<T>>
  void bcast(T&& value, int root, Deadline deadline = {}, CallSite at = CallSite::here()) const {
    using Value = std::remove_reference_t<T>;
    if constexpr (detail::Growable<Value>) {
      auto count = static_cast<std::uint64_t>(value.size());
      bcast(count, root, deadline, at);
      if (rank() != root) value.resize(static_cast<std::size_t>(count));
      ibcast(value, root, at).wait(deadline, at);
    } else if constexpr (detail::PlainTarget<Value>) {
      ibcast(value, root, at).wait(deadline, at);
    } else {
      std::vector<std::byte> packed;
      if (rank() == root) packed = detail::Packer<Value>::pack(value);
      bcast(packed, root, deadline, at);
      if (rank() != root) value = detail::Packer<Value>::unpack(packed);
    }
  }
  template <class T>
  requires detail::PlainTarget<std::remove_reference_t<T>> Request
  ibcast(T&& value, int root, CallSite at = CallSite::here())
  const { return detail::ibcast(state(), detail::fixed_buffer(value), root, at); }

  // Equal parts from every rank, in rank order, at the root. `all` matters at the root only: it
  // holds size() parts; a vector is made as long.
  template <detail::Contribution S, detail::TargetFor<S> R>
  void gather(const S& mine, R&& all, int root, Deadline deadline = {},
              CallSite at = CallSite::here()) const {
    if (rank() == root) detail::make_room(all, detail::parts_count(mine, size()));
    igather(mine, all, root, at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R>
  Request igather(const S& mine, R&& all, int root, CallSite at = CallSite::here()) const {
    return detail::igather(state(), detail::contribution(mine), detail::fixed_buffer(all), root,
                           at);
  }
  // The parts at the root, nothing elsewhere.
  template <detail::Plain S>
  std::vector<detail::element_of_t<S>> gather(const S& mine, int root, Deadline deadline = {},
                                              CallSite at = CallSite::here()) const {
    std::vector<detail::element_of_t<S>> all;
    gather(mine, all, root, deadline, at);
    return all;
  }
  template <detail::Packable T>
  std::vector<T> gather(const T& mine, int root, Deadline deadline = {},
                        CallSite at = CallSite::here()) const {
    std::vector<std::size_t> counts;
    const auto packed = gatherv(detail::Packer<T>::pack(mine), root, &counts, deadline, at);
    return detail::unpack_parts<T>(packed, counts);
  }

  // Parts of any length. `layout` says at the root where each rank's part goes and how long it is.
  template <detail::Contribution S, detail::TargetFor<S> R>
  void gatherv(const S& mine, R&& all, const Layout& layout, int root, Deadline deadline = {},
               CallSite at = CallSite::here()) const {
    if (rank() == root) detail::make_room(all, layout.extent());
    igatherv(mine, all, layout, root, at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R>
  Request igatherv(const S& mine, R&& all, const Layout& layout, int root,
                   CallSite at = CallSite::here()) const {
    return detail::igatherv(state(), detail::contribution(mine), detail::fixed_buffer(all), layout,
                            root, at);
  }
  // The same, lengths unknown: one more small gather finds them. `counts`, where given, receives
  // them at the root.
  template <detail::Plain S>
  std::vector<detail::element_of_t<S>> gatherv(const S& mine, int root,
                                               std::vector<std::size_t>* counts = nullptr,
                                               Deadline deadline = {},
                                               CallSite at = CallSite::here()) const {
    const auto gathered =
        gather(static_cast<std::uint64_t>(detail::send_buffer(mine).count), root, deadline, at);
    const std::vector<std::size_t> lengths(gathered.begin(), gathered.end());
    std::vector<detail::element_of_t<S>> all;
    gatherv(mine, all, Layout(lengths), root, deadline, at);
    if (counts != nullptr) *counts = lengths;
    return all;
  }

  // The root's parts, one to each rank in rank order. `all` matters at the root only.
  template <detail::Plain S, detail::TargetFor<S> R>
  void scatter(const S& all, R&& mine, int root, Deadline deadline = {},
               CallSite at = CallSite::here()) const {
    iscatter(all, mine, root, at).wait(deadline, at);
  }
  template <detail::Plain S, detail::TargetFor<S> R>
  Request iscatter(const S& all, R&& mine, int root, CallSite at = CallSite::here()) const {
    return detail::iscatter(state(), detail::send_buffer(all), detail::fixed_buffer(mine), root,
                            at);
  }
  // One element to each.
  template <Element T>
  T scatter(const std::vector<T>& all, int root, Deadline deadline = {},
            CallSite at = CallSite::here()) const {
    T mine{};
    iscatter(all, mine, root, at).wait(deadline, at);
    return mine;
  }
  template <detail::Packable T>
  T scatter(const std::vector<T>& all, int root, Deadline deadline = {},
            CallSite at = CallSite::here()) const {
    std::vector<std::size_t> counts;
    std::vector<std::byte> packed;
    if (rank() == root) packed = detail::pack_parts(all, counts);
    std::vector<std::byte> mine;
    scatterv(packed, Layout(counts), mine, root, deadline, at);
    return detail::Packer<T>::unpack(mine);
  }

  // Parts of any length. `layout` matters at the root; `mine`, a vector, takes the length of its
  // part.
  template <detail::Plain S, detail::TargetFor<S> R>
  void scatterv(const S& all, const Layout& layout, R&& mine, int root, Deadline deadline = {},
                CallSite at = CallSite::here()) const {
    iscatterv(all, layout, mine, root, at).wait(deadline, at);
  }
  template <detail::Plain S, detail::TargetFor<S> R>
  Request iscatterv(const S& all, const Layout& layout, R&& mine, int root,
                    CallSite at = CallSite::here()) const {
    return detail::iscatterv(state(), detail::send_buffer(all), layout, detail::recv_buffer(mine),
                             root, at);
  }

  // Equal parts from every rank, in rank order, everywhere.
  template <detail::Contribution S, detail::TargetFor<S> R>
  void allgather(const S& mine, R&& all, Deadline deadline = {},
                 CallSite at = CallSite::here()) const {
    detail::make_room(all, detail::parts_count(mine, size()));
    iallgather(mine, all, at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R>
  Request iallgather(const S& mine, R&& all, CallSite at = CallSite::here()) const {
    return detail::iallgather(state(), detail::contribution(mine), detail::fixed_buffer(all), at);
  }
  template <detail::Plain S>
  std::vector<detail::element_of_t<S>> allgather(const S& mine, Deadline deadline = {},
                                                 CallSite at = CallSite::here()) const {
    std::vector<detail::element_of_t<S>> all;
    allgather(mine, all, deadline, at);
    return all;
  }
  template <detail::Packable T>
  std::vector<T> allgather(const T& mine, Deadline deadline = {},
                           CallSite at = CallSite::here()) const {
    std::vector<std::size_t> counts;
    const auto packed = allgatherv(detail::Packer<T>::pack(mine), &counts, deadline, at);
    return detail::unpack_parts<T>(packed, counts);
  }

  // Parts of any length; the same layout on every rank.
  template <detail::Contribution S, detail::TargetFor<S> R>
  void allgatherv(const S& mine, R&& all, const Layout& layout, Deadline deadline = {},
                  CallSite at = CallSite::here()) const {
    detail::make_room(all, layout.extent());
    iallgatherv(mine, all, layout, at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R>
  Request iallgatherv(const S& mine, R&& all, const Layout& layout,
                      CallSite at = CallSite::here()) const {
    return detail::iallgatherv(state(), detail::contribution(mine), detail::fixed_buffer(all),
                               layout, at);
  }
  template <detail::Plain S>
  std::vector<detail::element_of_t<S>> allgatherv(const S& mine,
                                                  std::vector<std::size_t>* counts = nullptr,
                                                  Deadline deadline = {},
                                                  CallSite at = CallSite::here()) const {
    const auto gathered =
        allgather(static_cast<std::uint64_t>(detail::send_buffer(mine).count), deadline, at);
    const std::vector<std::size_t> lengths(gathered.begin(), gathered.end());
    std::vector<detail::element_of_t<S>> all;
    allgatherv(mine, all, Layout(lengths), deadline, at);
    if (counts != nullptr) *counts = lengths;
    return all;
  }

  // Element by element over the ranks, at the root. `result` matters at the root only.
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  void reduce(const S& mine, R&& result, Op op, int root, Deadline deadline = {},
              CallSite at = CallSite::here()) const {
    if (rank() == root) detail::make_room(result, detail::parts_count(mine, 1));
    ireduce(mine, result, std::move(op), root, at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  Request ireduce(const S& mine, R&& result, Op op, int root,
                  CallSite at = CallSite::here()) const {
    return detail::ireduce(state(), detail::contribution(mine), detail::fixed_buffer(result),
                           detail::make_reduction<detail::element_of_t<R>>(std::move(op)), root,
                           at);
  }
  // The result at the root; elsewhere a value-initialized element, or an empty vector.
  template <detail::Plain S, class Op>
  detail::value_of_t<S> reduce(const S& mine, Op op, int root, Deadline deadline = {},
                               CallSite at = CallSite::here()) const {
    detail::value_of_t<S> result{};
    reduce(mine, result, std::move(op), root, deadline, at);
    return result;
  }

  // The same, everywhere.
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  void allreduce(const S& mine, R&& result, Op op, Deadline deadline = {},
                 CallSite at = CallSite::here()) const {
    detail::make_room(result, detail::parts_count(mine, 1));
    iallreduce(mine, result, std::move(op), at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  Request iallreduce(const S& mine, R&& result, Op op, CallSite at = CallSite::here()) const {
    return detail::iallreduce(state(), detail::contribution(mine), detail::fixed_buffer(result),
                              detail::make_reduction<detail::element_of_t<R>>(std::move(op)), at);
  }
  template <detail::Plain S, class Op>
  detail::value_of_t<S> allreduce(const S& mine, Op op, Deadline deadline = {},
                                  CallSite at = CallSite::here()) const {
    detail::value_of_t<S> result{};
    allreduce(mine, result, std::move(op), deadline, at);
    return result;
  }

  // Reduces `all`, then gives rank i its part: counts[i] elements, the same counts on every rank.
  template <detail::Plain S, detail::TargetFor<S> R, class Op>
  void reduce_scatter(const S& all, R&& mine, Op op, std::span<const std::size_t> counts,
                      Deadline deadline = {}, CallSite at = CallSite::here()) const {
    detail::check_parts(state(), counts.size());
    detail::make_room(mine, counts[static_cast<std::size_t>(rank())]);
    ireduce_scatter(all, mine, std::move(op), counts, at).wait(deadline, at);
  }
  template <detail::Plain S, detail::TargetFor<S> R, class Op>
  Request ireduce_scatter(const S& all, R&& mine, Op op, std::span<const std::size_t> counts,
                          CallSite at = CallSite::here()) const {
    return detail::ireduce_scatter(state(), detail::send_buffer(all), detail::fixed_buffer(mine),
                                   detail::make_reduction<detail::element_of_t<R>>(std::move(op)),
                                   counts, at);
  }
  // Equal parts: `all` holds size() times what `mine` holds.
  template <detail::Plain S, detail::TargetFor<S> R, class Op>
  void reduce_scatter(const S& all, R&& mine, Op op, Deadline deadline = {},
                      CallSite at = CallSite::here()) const {
    ireduce_scatter(all, mine, std::move(op), at).wait(deadline, at);
  }
  template <detail::Plain S, detail::TargetFor<S> R, class Op>
  Request ireduce_scatter(const S& all, R&& mine, Op op, CallSite at = CallSite::here()) const {
    const std::vector<std::size_t> counts(static_cast<std::size_t>(size()),
                                          detail::fixed_buffer(mine).count);
    return ireduce_scatter(all, mine, std::move(op), counts, at);
  }

  // Part j of rank i's `all` becomes part i of rank j's `received`. Equal parts.
  template <detail::Contribution S, detail::TargetFor<S> R>
  void alltoall(const S& all, R&& received, Deadline deadline = {},
                CallSite at = CallSite::here()) const {
    detail::make_room(received, detail::parts_count(all, 1));
    ialltoall(all, received, at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R>
  Request ialltoall(const S& all, R&& received, CallSite at = CallSite::here()) const {
    return detail::ialltoall(state(), detail::contribution(all), detail::fixed_buffer(received),
                             at);
  }
  template <Element T>
  std::vector<T> alltoall(const std::vector<T>& all, Deadline deadline = {},
                          CallSite at = CallSite::here()) const {
    std::vector<T> received;
    alltoall(all, received, deadline, at);
    return received;
  }

  // Parts of any length: rank i's send count for j is rank j's receive count for i.
  template <detail::Plain S, detail::TargetFor<S> R>
  void alltoallv(const S& all, const Layout& send_layout, R&& received, const Layout& recv_layout,
                 Deadline deadline = {}, CallSite at = CallSite::here()) const {
    detail::make_room(received, recv_layout.extent());
    ialltoallv(all, send_layout, received, recv_layout, at).wait(deadline, at);
  }
  template <detail::Plain S, detail::TargetFor<S> R>
  Request ialltoallv(const S& all, const Layout& send_layout, R&& received,
                     const Layout& recv_layout, CallSite at = CallSite::here()) const {
    return detail::ialltoallv(state(), detail::send_buffer(all), send_layout,
                              detail::fixed_buffer(received), recv_layout, at);
  }
  // A vector for each rank, a vector from each rank; one more small alltoall finds the lengths.
  template <Element T>
  std::vector<std::vector<T>> alltoallv(const std::vector<std::vector<T>>& parts,
                                        Deadline deadline = {},
                                        CallSite at = CallSite::here()) const {
    detail::check_parts(state(), parts.size());
    std::vector<std::uint64_t> lengths;
    std::vector<T> all;
    for (const auto& part : parts) {
      lengths.push_back(part.size());
      all.insert(all.end(), part.begin(), part.end());
    }
    const std::vector<std::uint64_t> incoming = alltoall(lengths, deadline, at);
    const std::vector<std::size_t> send_counts(lengths.begin(), lengths.end());
    const std::vector<std::size_t> recv_counts(incoming.begin(), incoming.end());
    std::vector<T> received;
    alltoallv(all, Layout(send_counts), received, Layout(recv_counts), deadline, at);
    std::vector<std::vector<T>> result;
    auto from = received.begin();
    for (const std::size_t count : recv_counts) {
      result.emplace_back(from, from + static_cast<std::ptrdiff_t>(count));
      from += static_cast<std::ptrdiff_t>(count);
    }
    return result;
  }

  // Rank i gets x0 op x1 ... op xi.
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  void scan(const S& mine, R&& result, Op op, Deadline deadline = {},
            CallSite at = CallSite::here()) const {
    detail::make_room(result, detail::parts_count(mine, 1));
    iscan(mine, result, std::move(op), at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  Request iscan(const S& mine, R&& result, Op op, CallSite at = CallSite::here()) const {
    return detail::iscan(state(), detail::contribution(mine), detail::fixed_buffer(result),
                         detail::make_reduction<detail::element_of_t<R>>(std::move(op)), at);
  }
  template <detail::Plain S, class Op>
  detail::value_of_t<S> scan(const S& mine, Op op, Deadline deadline = {},
                             CallSite at = CallSite::here()) const {
    detail::value_of_t<S> result{};
    scan(mine, result, std::move(op), deadline, at);
    return result;
  }

  // Rank i gets x0 op ... op x(i-1); rank 0's result keeps what it held.
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  void exscan(const S& mine, R&& result, Op op, Deadline deadline = {},
              CallSite at = CallSite::here()) const {
    detail::make_room(result, detail::parts_count(mine, 1));
    iexscan(mine, result, std::move(op), at).wait(deadline, at);
  }
  template <detail::Contribution S, detail::TargetFor<S> R, class Op>
  Request iexscan(const S& mine, R&& result, Op op, CallSite at = CallSite::here()) const {
    return detail::iexscan(state(), detail::contribution(mine), detail::fixed_buffer(result),
                           detail::make_reduction<detail::element_of_t<R>>(std::move(op)), at);
  }
  // Rank 0 gets a value-initialized result.
  template <detail::Plain S, class Op>
  detail::value_of_t<S> exscan(const S& mine, Op op, Deadline deadline = {},
                               CallSite at = CallSite::here()) const {
    detail::value_of_t<S> result{};
    exscan(mine, result, std::move(op), deadline, at);
    return result;
  }

 private:
  friend detail::CommState& detail::state_of(const Communicator& comm);
  detail::CommState& state() const {
    if (!state_) detail::no_communicator();
    return *state_;
  }

  template <class T>
  Request start_send(T&& value, int dest, int tag, detail::SendMode mode, CallSite at) const {
    using Value = std::remove_cvref_t<T>;
    if constexpr (detail::Packable<Value>) {
      auto kept = std::make_shared<std::vector<std::byte>>(detail::Packer<Value>::pack(value));
      detail::SendBuffer buffer = detail::packed_bytes<Value>(*kept);
      return detail::isend(state(), buffer, dest, tag, mode, std::move(kept), at);
    } else if constexpr (std::is_lvalue_reference_v<T> || std::ranges::borrowed_range<T>) {
      return detail::isend(state(), detail::send_buffer(value), dest, tag, mode, nullptr, at);
    } else {
      auto kept = std::make_shared<Value>(std::forward<T>(value));
      detail::SendBuffer buffer = detail::send_buffer(*kept);
      return detail::isend(state(), buffer, dest, tag, mode, std::move(kept), at);
    }
  }

  std::shared_ptr<detail::CommState> state_;
};

}  // namespace prun
