#include "runtime/coll/alltoall/pairwise.hpp"

#include <algorithm>
#include <utility>

#include "runtime/coll/transfers.hpp"

// All-to-all by pairwise exchange.
//   Steps:  n-1; in step k every rank sends to the rank k further on and receives from the rank k
//           before. Long blocks are announced at the beginning and leave when their receiver asks.
//           It asks for the next one while the last piece of a block is still on its way, so that
//           its port does not stand still between two steps. Blocks may differ in size.
//   Bytes:  (n-1) m to and from every rank; every port has one sender at any time, and for the last
//           piece of a block two, which is less than a small switch keeps for a port.
//   Cost:   (n-1) (a + m b)
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {
namespace {

// The last piece of a long block: a few ms at 100 Mbit/s, time enough to ask for the next.
constexpr std::size_t last_piece_bytes = std::size_t{32} << 10;

// Above it a block is long: it waits at its sender until it is asked for, and so do both of its
// pieces.
constexpr std::size_t long_block_bytes = 4 * last_piece_bytes;

bool is_long(std::span<const std::byte> block) {
  return block.size() > long_block_bytes;
}

// Where a long block is divided, at a whole element.
std::size_t last_piece_of(const Team& team, std::span<const std::byte> block) {
  const std::size_t elements = std::max<std::size_t>(last_piece_bytes / team.element_bytes(), 1);
  return block.size() - elements * team.element_bytes();
}

void start_sending(const Team& team, int to, std::span<const std::byte> block, Sends& outgoing) {
  const std::size_t divide = last_piece_of(team, block);
  outgoing.start(team, to, block.first(divide));
  outgoing.start(team, to, block.subspan(divide));
}

}  // namespace

Task alltoall_pairwise(Team team, AlltoallArguments arguments) {
  Sends announced;
  Receives incoming;
  for (int step = 1; step < team.size(); ++step) {
    const int to = team.neighbour(step);
    if (is_long(arguments.outgoing[to])) start_sending(team, to, arguments.outgoing[to], announced);
  }
  // Asks for the block of a step, once.
  const auto ask = [&](int step) {
    const int from = team.neighbour(-step);
    const std::span<std::byte> block = arguments.incoming[from];
    if (!is_long(block)) {
      incoming.start(team, from, block);
      return;
    }
    const std::size_t divide = last_piece_of(team, block);
    incoming.start(team, from, block.first(divide));
    incoming.start(team, from, block.subspan(divide));
  };
  if (team.size() > 1) ask(1);
  for (int step = 1; step < team.size(); ++step) {
    const int to = team.neighbour(step);
    const bool next_early = is_long(arguments.incoming[team.neighbour(-step)]);
    Sends outgoing;
    if (!is_long(arguments.outgoing[to])) outgoing.start(team, to, arguments.outgoing[to]);
    if (next_early) {
      co_await incoming.oldest();
      if (step + 1 < team.size()) ask(step + 1);
    }
    co_await incoming.oldest();
    if (!outgoing.empty()) co_await outgoing.oldest();
    if (!next_early && step + 1 < team.size()) ask(step + 1);
  }
  while (!announced.empty()) co_await announced.oldest();
}

Nanoseconds alltoall_pairwise_cost(const Situation& situation) {
  return (situation.ranks - 1) * situation.message(situation.bytes);
}

}  // namespace prun::coll
