#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <prun/buffer.hpp>
#include <prun/call_site.hpp>
#include <prun/deadline.hpp>
#include <prun/layout.hpp>
#include <prun/op.hpp>
#include <prun/request.hpp>
#include <prun/status.hpp>

// What the templates of Communicator stand on: every operation once, with its types taken off. Not
// for programs.
namespace prun::detail {

class CommState;  // runtime/comm

enum class SendMode : std::uint8_t { standard, synchronous };

[[noreturn]] void no_communicator();
void check_parts(const CommState& comm, std::size_t parts);

void send(CommState& comm, const SendBuffer& buffer, int dest, int tag, SendMode mode,
          Deadline deadline, CallSite at);
Status recv(CommState& comm, const RecvBuffer& buffer, Source source, TagMatch tag,
            Deadline deadline, CallSite at);
Status sendrecv(CommState& comm, const SendBuffer& out, int dest, int send_tag,
                const RecvBuffer& in, Source source, TagMatch recv_tag, Deadline deadline,
                CallSite at);
Request isend(CommState& comm, const SendBuffer& buffer, int dest, int tag, SendMode mode,
              std::shared_ptr<void> kept, CallSite at);
Request irecv(CommState& comm, const RecvBuffer& buffer, Source source, TagMatch tag, CallSite at,
              std::shared_ptr<void> kept = nullptr);

Request ibarrier(CommState& comm, CallSite at);
Request ibcast(CommState& comm, const RecvBuffer& data, int root, CallSite at);
Request igather(CommState& comm, const SendBuffer& mine, const RecvBuffer& all, int root,
                CallSite at);
Request igatherv(CommState& comm, const SendBuffer& mine, const RecvBuffer& all,
                 const Layout& layout, int root, CallSite at);
Request iscatter(CommState& comm, const SendBuffer& all, const RecvBuffer& mine, int root,
                 CallSite at);
Request iscatterv(CommState& comm, const SendBuffer& all, const Layout& layout,
                  const RecvBuffer& mine, int root, CallSite at);
Request iallgather(CommState& comm, const SendBuffer& mine, const RecvBuffer& all, CallSite at);
Request iallgatherv(CommState& comm, const SendBuffer& mine, const RecvBuffer& all,
                    const Layout& layout, CallSite at);
Request ireduce(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
                int root, CallSite at);
Request iallreduce(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
                   CallSite at);
Request ireduce_scatter(CommState& comm, const SendBuffer& all, const RecvBuffer& mine,
                        Reduction op, std::span<const std::size_t> counts, CallSite at);
Request ialltoall(CommState& comm, const SendBuffer& all, const RecvBuffer& received, CallSite at);
Request ialltoallv(CommState& comm, const SendBuffer& all, const Layout& send_layout,
                   const RecvBuffer& received, const Layout& recv_layout, CallSite at);
Request iscan(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
              CallSite at);
Request iexscan(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
                CallSite at);

// --- helpers of the templates
// --------------------------------------------------------------------------------------

template <class T>
concept Sendable = Plain<T> || Packable<T>;

template <class T>
concept Receivable = PlainTarget<T> || Packable<T>;

// R can hold the result of a collective on S: the same elements.
template <class R, class S>
concept TargetFor = PlainTarget<std::remove_reference_t<R>> &&
    (std::is_same_v<S, InPlace> || std::is_same_v<element_of_t<R>, element_of_t<S>>);

// What a result made by the library is: an element for an element, a vector for a run.
template <class S>
using value_of_t =
    std::conditional_t<ElementRange<const S>, std::vector<element_of_t<S>>, element_of_t<S>>;

inline constexpr std::size_t keep_size = std::numeric_limits<std::size_t>::max();

// The elements of `parts` contributions like this one; keep_size when the contribution lies in
// place.
template <Contribution S>
std::size_t parts_count(const S& mine, int parts) {
  if constexpr (std::is_same_v<S, InPlace>) {
    return keep_size;
  } else {
    return send_buffer(mine).count * static_cast<std::size_t>(parts);
  }
}

// A vector or string becomes as long as that; other targets stay as they are and are checked later.
template <class R>
void make_room(R& target, std::size_t count) {
  if constexpr (Growable<R>) {
    if (count != keep_size) target.resize(count);
  }
}

template <Packable T>
SendBuffer packed_bytes(const std::vector<std::byte>& packed) {
  return {packed.data(), packed.size(), Packer<T>::datatype()};
}

template <Packable T>
RecvBuffer packed_buffer(std::vector<std::byte>& packed) {
  RecvBuffer buffer = recv_buffer(packed);
  buffer.type = Packer<T>::datatype();
  return buffer;
}

// Calls `use` with the elements to be sent, packing them first where they do not lie side by side.
template <Sendable T, class Use>
void with_bytes(const T& value, Use use) {
  if constexpr (Plain<T>) {
    use(send_buffer(value));
  } else {
    const std::vector<std::byte> packed = Packer<T>::pack(value);
    use(packed_bytes<T>(packed));
  }
}

// Values one behind the other; `counts` receives the bytes of each.
template <Packable T>
std::vector<std::byte> pack_parts(const std::vector<T>& values, std::vector<std::size_t>& counts) {
  std::vector<std::byte> packed;
  counts.clear();
  for (const T& value : values) {
    const std::vector<std::byte> part = Packer<T>::pack(value);
    counts.push_back(part.size());
    packed.insert(packed.end(), part.begin(), part.end());
  }
  return packed;
}

template <Packable T>
std::vector<T> unpack_parts(std::span<const std::byte> packed,
                            const std::vector<std::size_t>& counts) {
  std::vector<T> values;
  if (packed.empty()) return values;
  for (const std::size_t count : counts) {
    values.push_back(Packer<T>::unpack(packed.first(count)));
    packed = packed.subspan(count);
  }
  return values;
}

}  // namespace prun::detail
