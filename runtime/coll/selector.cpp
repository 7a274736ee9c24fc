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

Situation of_bytes(const Team& team, std::size_t bytes) {
  Situation situation;
  situation.ranks = team.size();
  situation.hosts = team.hosts();
  situation.per_host = team.per_host();
  situation.bytes = bytes;
  return situation;
}

Situation of_unknown_bytes(const Team& team) {
  Situation situation = of_bytes(team, 0);
  situation.bytes_known = false;
  situation.uniform = false;
  return situation;
}

Situation reducing(Situation situation, const detail::Reduction& op) {
  situation.commutative = op.commutative;
  return situation;
}

template <class Arguments>
core::Result<Prediction> prediction(const Situation& situation, const Tuning& tuning) {
  const auto choice = select<Arguments>(situation, tuning);
  if (!choice) return choice.failure();
  const Choice<Arguments>& chosen = choice.value();
  return Prediction{chosen.algorithm->name, chosen.segment_bytes, chosen.cost};
}

}  // namespace

Situation situation_of(const Team& team, const BarrierArguments&) {
  return of_bytes(team, 0);
}

Situation situation_of(const Team& team, const BcastArguments& arguments) {
  return of_bytes(team, arguments.data.size());
}

Situation situation_of(const Team& team, const GatherArguments& arguments) {
  const bool is_root = team.rank() == arguments.root;
  if (!arguments.uniform) return of_unknown_bytes(team);
  return of_bytes(team, is_root ? arguments.all.size(arguments.root) : arguments.mine.size());
}

Situation situation_of(const Team& team, const ScatterArguments& arguments) {
  const bool is_root = team.rank() == arguments.root;
  if (!arguments.uniform) return of_unknown_bytes(team);
  return of_bytes(team, is_root ? arguments.all.size(arguments.root) : arguments.mine.bytes());
}

Situation situation_of(const Team& team, const AllgatherArguments& arguments) {
  return of_bytes(team, arguments.all.total() / static_cast<std::size_t>(team.size()));
}

Situation situation_of(const Team& team, const ReduceArguments& arguments) {
  return reducing(of_bytes(team, arguments.mine.size()), arguments.op);
}

Situation situation_of(const Team& team, const AllreduceArguments& arguments) {
  return reducing(of_bytes(team, arguments.data.size()), arguments.op);
}

Situation situation_of(const Team& team, const ReduceScatterArguments& arguments) {
  return reducing(of_bytes(team, arguments.all.total()), arguments.op);
}

Situation situation_of(const Team& team, const AlltoallArguments& arguments) {
  if (!arguments.outgoing.is_uniform()) return of_unknown_bytes(team);
  return of_bytes(team, arguments.outgoing.size(team.rank()));
}

Situation situation_of(const Team& team, const ScanArguments& arguments) {
  return reducing(of_bytes(team, arguments.data.size()), arguments.op);
}

Situation situation_of(const Team& team, const ExscanArguments& arguments) {
  return reducing(of_bytes(team, arguments.mine.size()), arguments.op);
}

std::span<const LinkModel> plausible_links() {
  // Ethernet of 10 Mbit/s and 1 Gbit/s, between idle boards and between busy ones.
  constexpr Link fast{20'000, 8'400};
  constexpr Link fast_and_far{500'000, 8'400};
  constexpr Link slow{50'000, 840'000};
  constexpr Link slow_and_far{2'000'000, 840'000};
  // Shared memory of a PC, loopback of a small board.
  constexpr Link memory{300, 100};
  constexpr Link loopback{30'000, 3'000};
  static constexpr LinkModel models[] = {{fast, memory},
                                         {fast, loopback},
                                         {fast_and_far, loopback},
                                         {slow, memory},
                                         {slow_and_far, loopback}};
  return models;
}

core::Result<Prediction> predict(Operation operation, const Situation& situation,
                                 const Tuning& tuning) {
  switch (operation) {
    case Operation::barrier:
      return prediction<BarrierArguments>(situation, tuning);
    case Operation::bcast:
      return prediction<BcastArguments>(situation, tuning);
    case Operation::gather:
      return prediction<GatherArguments>(situation, tuning);
    case Operation::scatter:
      return prediction<ScatterArguments>(situation, tuning);
    case Operation::allgather:
      return prediction<AllgatherArguments>(situation, tuning);
    case Operation::reduce:
      return prediction<ReduceArguments>(situation, tuning);
    case Operation::allreduce:
      return prediction<AllreduceArguments>(situation, tuning);
    case Operation::reduce_scatter:
      return prediction<ReduceScatterArguments>(situation, tuning);
    case Operation::alltoall:
      return prediction<AlltoallArguments>(situation, tuning);
    case Operation::scan:
      return prediction<ScanArguments>(situation, tuning);
    case Operation::exscan:
      return prediction<ExscanArguments>(situation, tuning);
  }
  return core::Failure{Errc::invalid_argument, "there is no such operation"};
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
