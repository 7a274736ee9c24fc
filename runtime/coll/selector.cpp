#include "runtime/coll/selector.hpp"

#include <type_traits>
#include <utility>
#include <vector>

namespace prun::coll {
namespace {

template <class Arguments>
std::vector<std::string_view> names() {
  std::vector<std::string_view> result;
  for (const Algorithm<Arguments>& algorithm : algorithms<Arguments>())
    result.push_back(algorithm.name);
  return result;
}

std::vector<std::string_view> names_of(Operation operation) {
  switch (operation) {
    case Operation::barrier:
      return names<BarrierArguments>();
    case Operation::bcast:
      return names<BcastArguments>();
    case Operation::gather:
      return names<GatherArguments>();
    case Operation::scatter:
      return names<ScatterArguments>();
    case Operation::allgather:
      return names<AllgatherArguments>();
    case Operation::reduce:
      return names<ReduceArguments>();
    case Operation::allreduce:
      return names<AllreduceArguments>();
    case Operation::reduce_scatter:
      return names<ReduceScatterArguments>();
    case Operation::alltoall:
      return names<AlltoallArguments>();
    case Operation::scan:
      return names<ScanArguments>();
    case Operation::exscan:
      return names<ExscanArguments>();
  }
  return {};
}

}  // namespace

std::size_t message_bytes(const Team&, const BarrierArguments&) {
  return 0;
}

std::size_t message_bytes(const Team&, const BcastArguments& arguments) {
  return arguments.data.size();
}

std::size_t message_bytes(const Team& team, const GatherArguments& arguments) {
  if (!arguments.uniform) return unknown_bytes;
  const bool is_root = team.rank() == arguments.root;
  return is_root ? arguments.all.size(arguments.root) : arguments.mine.size();
}

std::size_t message_bytes(const Team& team, const ScatterArguments& arguments) {
  if (!arguments.uniform) return unknown_bytes;
  const bool is_root = team.rank() == arguments.root;
  return is_root ? arguments.all.size(arguments.root) : arguments.mine.bytes();
}

std::size_t message_bytes(const Team& team, const AllgatherArguments& arguments) {
  return arguments.all.total() / static_cast<std::size_t>(team.size());
}

std::size_t message_bytes(const Team&, const ReduceArguments& arguments) {
  return arguments.mine.size();
}

std::size_t message_bytes(const Team&, const AllreduceArguments& arguments) {
  return arguments.data.size();
}

std::size_t message_bytes(const Team&, const ReduceScatterArguments& arguments) {
  return arguments.all.total();
}

std::size_t message_bytes(const Team& team, const AlltoallArguments& arguments) {
  return arguments.outgoing.is_uniform() ? arguments.outgoing.size(team.rank()) : unknown_bytes;
}

std::size_t message_bytes(const Team&, const ScanArguments& arguments) {
  return arguments.data.size();
}

std::size_t message_bytes(const Team&, const ExscanArguments& arguments) {
  return arguments.mine.size();
}

core::Failure unknown_algorithm(Operation operation, std::string_view name) {
  std::string text = "there is no algorithm \"";
  text.append(name).append("\" for ").append(name_of(operation)).append("; choose one of:");
  for (const std::string_view known : names_of(operation)) text.append(" ").append(known);
  return {Errc::invalid_argument, text};
}

core::Status check(const Tuning& tuning) {
  for (std::size_t i = 0; i < operation_count; ++i) {
    const auto operation = static_cast<Operation>(i);
    const std::string& forced = tuning.forced[i];
    if (forced.empty()) continue;
    bool known = false;
    for (const std::string_view name : names_of(operation)) known = known || name == forced;
    if (!known) return unknown_algorithm(operation, forced);
  }
  return core::Done{};
}

}  // namespace prun::coll
