// The untyped collectives behind the templates of Communicator: checks what can be checked on this
// rank, puts this rank's own contribution in its place, and starts the algorithm.
#include <prun/detail/operations.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/coll/start.hpp"
#include "runtime/comm/pending.hpp"

namespace prun::detail {
namespace {

using coll::Blocks;

class Call {
 public:
  Call(CommState& comm, coll::Operation operation, const CallSite& at)
      : comm_(comm), operation_(operation) {
    comm.world().check_usable();
    entered_.name = name();
    entered_.at = at;
  }

  // What all members must agree on, for reports: elements of each rank's part.
  void part(std::size_t count) { entered_.count = count; }

  void check_root(int root) {
    entered_.root = root;
    if (root >= 0 && root < comm_.size()) return;
    misuse("there is no root " + std::to_string(root) + " in a communicator of " +
           std::to_string(comm_.size()) + " ranks");
  }
  void check_count(std::string_view what, std::size_t has, std::size_t needs) const {
    if (has == needs) return;
    misuse(std::string(what) + " holds " + std::to_string(has) + " elements and must hold " +
           std::to_string(needs));
  }
  void check_room(std::string_view what, std::size_t has, std::size_t needs) const {
    if (has >= needs) return;
    misuse(std::string(what) + " holds " + std::to_string(has) +
           " elements, its layout reaches to " + std::to_string(needs));
  }
  void check_layout(std::string_view what, const Layout& layout) const {
    const auto ranks = static_cast<std::size_t>(comm_.size());
    if (layout.counts().size() == ranks && layout.displacements().size() == ranks) return;
    misuse(std::string(what) + " has " + std::to_string(layout.counts().size()) + " counts and " +
           std::to_string(layout.displacements().size()) + " displacements for " +
           std::to_string(ranks) + " ranks");
  }
  [[noreturn]] void misuse(const std::string& what) const {
    throw Error(Errc::invalid_argument, comm_.say(std::string(name())) + ": " + what);
  }

  std::size_t ranks() const { return static_cast<std::size_t>(comm_.size()); }
  int rank() const { return comm_.rank(); }

  // `run` is one of coll::barrier, coll::bcast, ...
  template <class Run, class Arguments>
  Request start(Run run, Datatype type, Arguments arguments, std::shared_ptr<void> kept = nullptr) {
    if (comm_.collectives_ended()) raise(comm_, std::string(name()), *comm_.collectives_ended());
    entered_.type = type;
    coll::Task task = run(comm_.enter(entered_), std::move(arguments), comm_.basis());
    return Request(
        OperationHandle(new PendingCollective(comm_.shared_from_this(), entered_, std::move(task))),
        std::move(kept));
  }

 private:
  std::string_view name() const { return coll::name_of(operation_); }

  CommState& comm_;
  coll::Operation operation_;
  EnteredCall entered_;
};

// Algorithms take writable blocks and write only to those that are results.
std::byte* writable(const std::byte* data) {
  return const_cast<std::byte*>(data);
}

Blocks blocks_of(std::byte* base, const Layout& layout, std::size_t element_bytes) {
  std::vector<std::size_t> offsets;
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < layout.counts().size(); ++i) {
    offsets.push_back(layout.displacements()[i] * element_bytes);
    sizes.push_back(layout.counts()[i] * element_bytes);
  }
  return Blocks::at(base, std::move(offsets), std::move(sizes));
}

void put(std::span<std::byte> place, const std::byte* data) {
  if (!place.empty() && place.data() != data) std::memmove(place.data(), data, place.size());
}

std::span<std::byte> bytes_of(const RecvBuffer& buffer) {
  return {buffer.data, buffer.bytes()};
}

}  // namespace

void check_parts(const CommState& comm, std::size_t parts) {
  if (parts == static_cast<std::size_t>(comm.size())) return;
  throw Error(Errc::invalid_argument,
              comm.say("collective") + ": there must be one part for each of the " +
                  std::to_string(comm.size()) + " ranks, " + std::to_string(parts) + " were given");
}

Request ibarrier(CommState& comm, CallSite at) {
  Call call(comm, coll::Operation::barrier, at);
  return call.start(coll::barrier, datatype_of<std::byte>(), coll::BarrierArguments{});
}

Request ibcast(CommState& comm, const RecvBuffer& data, int root, CallSite at) {
  Call call(comm, coll::Operation::bcast, at);
  call.check_root(root);
  call.part(data.count);
  return call.start(coll::bcast, data.type, coll::BcastArguments{bytes_of(data), root});
}

Request igather(CommState& comm, const SendBuffer& mine, const RecvBuffer& all, int root,
                CallSite at) {
  Call call(comm, coll::Operation::gather, at);
  call.check_root(root);
  if (call.rank() != root) {
    if (mine.in_place) call.misuse("only the root's part can be in place");
    call.part(mine.count);
    return call.start(coll::gather, all.type,
                      coll::GatherArguments{{mine.data, mine.bytes()}, {}, root, true});
  }
  const std::size_t part = mine.in_place ? all.count / call.ranks() : mine.count;
  call.part(part);
  call.check_count("the result", all.count, part * call.ranks());
  const Blocks blocks = Blocks::uniform(all.data, comm.size(), part * all.type.size);
  if (!mine.in_place) put(blocks[root], mine.data);
  return call.start(coll::gather, all.type,
                    coll::GatherArguments{blocks[root], blocks, root, true});
}

Request igatherv(CommState& comm, const SendBuffer& mine, const RecvBuffer& all,
                 const Layout& layout, int root, CallSite at) {
  Call call(comm, coll::Operation::gather, at);
  call.check_root(root);
  if (call.rank() != root) {
    if (mine.in_place) call.misuse("only the root's part can be in place");
    return call.start(coll::gather, all.type,
                      coll::GatherArguments{{mine.data, mine.bytes()}, {}, root, false});
  }
  call.check_layout("the layout", layout);
  call.check_room("the result", all.count, layout.extent());
  const Blocks blocks = blocks_of(all.data, layout, all.type.size);
  if (!mine.in_place) {
    call.check_count("the root's part", mine.count,
                     layout.counts()[static_cast<std::size_t>(root)]);
    put(blocks[root], mine.data);
  }
  return call.start(coll::gather, all.type,
                    coll::GatherArguments{blocks[root], blocks, root, false});
}

Request iscatter(CommState& comm, const SendBuffer& all, const RecvBuffer& mine, int root,
                 CallSite at) {
  Call call(comm, coll::Operation::scatter, at);
  call.check_root(root);
  call.part(mine.count);
  if (call.rank() != root)
    return call.start(coll::scatter, mine.type, coll::ScatterArguments{{}, mine, root, true});
  call.check_count("the root's data", all.count, mine.count * call.ranks());
  const Blocks blocks = Blocks::uniform(writable(all.data), comm.size(), mine.bytes());
  put(bytes_of(mine), blocks[root].data());
  return call.start(coll::scatter, mine.type, coll::ScatterArguments{blocks, mine, root, true});
}

Request iscatterv(CommState& comm, const SendBuffer& all, const Layout& layout,
                  const RecvBuffer& mine, int root, CallSite at) {
  Call call(comm, coll::Operation::scatter, at);
  call.check_root(root);
  if (call.rank() != root)
    return call.start(coll::scatter, mine.type, coll::ScatterArguments{{}, mine, root, false});
  call.check_layout("the layout", layout);
  call.check_room("the root's data", all.count, layout.extent());
  const Blocks blocks = blocks_of(writable(all.data), layout, all.type.size);
  const std::size_t part = layout.counts()[static_cast<std::size_t>(root)];
  RecvBuffer own = mine;
  if (own.grow != nullptr) {
    own.data = own.grow(own.owner, part);
    own.count = part;
  }
  call.check_room("the root's own part", own.count, part);
  put({own.data, part * own.type.size}, blocks[root].data());
  return call.start(coll::scatter, mine.type, coll::ScatterArguments{blocks, own, root, false});
}

Request iallgather(CommState& comm, const SendBuffer& mine, const RecvBuffer& all, CallSite at) {
  Call call(comm, coll::Operation::allgather, at);
  const std::size_t part = mine.in_place ? all.count / call.ranks() : mine.count;
  call.part(part);
  call.check_count("the result", all.count, part * call.ranks());
  const Blocks blocks = Blocks::uniform(all.data, comm.size(), part * all.type.size);
  if (!mine.in_place) put(blocks[call.rank()], mine.data);
  return call.start(coll::allgather, all.type, coll::AllgatherArguments{blocks});
}

Request iallgatherv(CommState& comm, const SendBuffer& mine, const RecvBuffer& all,
                    const Layout& layout, CallSite at) {
  Call call(comm, coll::Operation::allgather, at);
  call.check_layout("the layout", layout);
  call.check_room("the result", all.count, layout.extent());
  const Blocks blocks = blocks_of(all.data, layout, all.type.size);
  if (!mine.in_place) {
    call.check_count("this rank's part", mine.count,
                     layout.counts()[static_cast<std::size_t>(call.rank())]);
    put(blocks[call.rank()], mine.data);
  }
  return call.start(coll::allgather, all.type, coll::AllgatherArguments{blocks});
}

Request ireduce(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
                int root, CallSite at) {
  Call call(comm, coll::Operation::reduce, at);
  call.check_root(root);
  call.part(mine.in_place ? result.count : mine.count);
  const bool at_root = call.rank() == root;
  if (at_root && !mine.in_place) call.check_count("the result", result.count, mine.count);
  const std::span<const std::byte> contribution =
      mine.in_place ? bytes_of(result) : std::span<const std::byte>(mine.data, mine.bytes());
  return call.start(
      coll::reduce, result.type,
      coll::ReduceArguments{contribution, at_root ? bytes_of(result) : std::span<std::byte>(), root,
                            std::move(op)});
}

Request iallreduce(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
                   CallSite at) {
  Call call(comm, coll::Operation::allreduce, at);
  call.part(result.count);
  if (!mine.in_place) {
    call.check_count("the result", result.count, mine.count);
    put(bytes_of(result), mine.data);
  }
  return call.start(coll::allreduce, result.type,
                    coll::AllreduceArguments{bytes_of(result), std::move(op)});
}

Request ireduce_scatter(CommState& comm, const SendBuffer& all, const RecvBuffer& mine,
                        Reduction op, std::span<const std::size_t> counts, CallSite at) {
  Call call(comm, coll::Operation::reduce_scatter, at);
  call.part(all.count);
  const Layout layout(counts);
  call.check_layout("the list of counts", layout);
  call.check_count("this rank's data", all.count, layout.extent());
  call.check_count("this rank's result", mine.count, counts[static_cast<std::size_t>(call.rank())]);
  const Blocks blocks = blocks_of(writable(all.data), layout, all.type.size);
  return call.start(coll::reduce_scatter, mine.type,
                    coll::ReduceScatterArguments{blocks, bytes_of(mine), std::move(op)});
}

Request ialltoall(CommState& comm, const SendBuffer& all, const RecvBuffer& received, CallSite at) {
  Call call(comm, coll::Operation::alltoall, at);
  call.part(received.count);
  if (received.count % call.ranks() != 0) {
    call.misuse("the result holds " + std::to_string(received.count) +
                " elements, which is no multiple of the " + std::to_string(call.ranks()) +
                " ranks");
  }
  const std::size_t part = received.count / call.ranks() * received.type.size;
  const Blocks incoming = Blocks::uniform(received.data, comm.size(), part);
  if (!all.in_place) {
    call.check_count("this rank's data", all.count, received.count);
    const Blocks outgoing = Blocks::uniform(writable(all.data), comm.size(), part);
    put(incoming[call.rank()], outgoing[call.rank()].data());
    return call.start(coll::alltoall, received.type, coll::AlltoallArguments{outgoing, incoming});
  }
  auto copy =
      std::make_shared<std::vector<std::byte>>(received.data, received.data + received.bytes());
  const Blocks outgoing = Blocks::uniform(copy->data(), comm.size(), part);
  return call.start(coll::alltoall, received.type, coll::AlltoallArguments{outgoing, incoming},
                    copy);
}

Request ialltoallv(CommState& comm, const SendBuffer& all, const Layout& send_layout,
                   const RecvBuffer& received, const Layout& recv_layout, CallSite at) {
  Call call(comm, coll::Operation::alltoall, at);
  call.check_layout("the layout of what is sent", send_layout);
  call.check_layout("the layout of what is received", recv_layout);
  call.check_room("this rank's data", all.count, send_layout.extent());
  call.check_room("the result", received.count, recv_layout.extent());
  const Blocks outgoing = blocks_of(writable(all.data), send_layout, all.type.size);
  const Blocks incoming = blocks_of(received.data, recv_layout, received.type.size);
  call.check_count("this rank's part for itself", incoming.size(call.rank()),
                   outgoing.size(call.rank()));
  put(incoming[call.rank()], outgoing[call.rank()].data());
  return call.start(coll::alltoall, received.type, coll::AlltoallArguments{outgoing, incoming});
}

Request iscan(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
              CallSite at) {
  Call call(comm, coll::Operation::scan, at);
  call.part(result.count);
  if (!mine.in_place) {
    call.check_count("the result", result.count, mine.count);
    put(bytes_of(result), mine.data);
  }
  return call.start(coll::scan, result.type, coll::ScanArguments{bytes_of(result), std::move(op)});
}

Request iexscan(CommState& comm, const SendBuffer& mine, const RecvBuffer& result, Reduction op,
                CallSite at) {
  Call call(comm, coll::Operation::exscan, at);
  call.part(result.count);
  if (!mine.in_place) {
    call.check_count("the result", result.count, mine.count);
    return call.start(
        coll::exscan, result.type,
        coll::ExscanArguments{{mine.data, mine.bytes()}, bytes_of(result), std::move(op)});
  }
  auto copy = std::make_shared<std::vector<std::byte>>(result.data, result.data + result.bytes());
  return call.start(coll::exscan, result.type,
                    coll::ExscanArguments{*copy, bytes_of(result), std::move(op)}, copy);
}

}  // namespace prun::detail
