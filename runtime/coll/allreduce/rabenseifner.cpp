#include "runtime/coll/allreduce/rabenseifner.hpp"

#include <bit>
#include <vector>

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/exchange.hpp"
#include "runtime/coll/folded.hpp"

// Allreduce as a reduce_scatter by recursive halving and an allgather by recursive doubling; keeps
// the order of ranks.
//   Steps:  2 log2 p, with p the largest power of two not above n. In step k every rank and the
//           partner whose number differs in bit k divide what they work on in halves, the lower
//           number keeps the first, and each gives the other its contributions to the half that
//           stays there: neighbours first, so that what is combined are always neighbouring ranks.
//           Then the steps are taken back, and the partners exchange the results. The n - p ranks
//           too many give their contribution to their neighbour first and get the result from it
//           last.
//   Bytes:  2 (p-1)/p m to and from every rank that takes part, 2 m more for the neighbours; every
//           port has one sender at any time.
//   Cost:   2 log2 n a + 2 (n-1)/n m b for powers of two, 2 (a + m b) more otherwise
//   Source: R. Rabenseifner, "Optimization of collective reduction operations", ICCS 2004.
namespace prun::coll {
namespace {

// The two parts of what two partners worked on.
struct Halves {
  std::span<std::byte> kept;
  std::span<std::byte> given;
};

Halves divide(const Team& team, std::span<std::byte> whole, bool keeps_first) {
  const std::size_t elements = whole.size() / team.element_bytes();
  const std::size_t middle = elements / 2 * team.element_bytes();
  const std::span<std::byte> first = whole.first(middle);
  const std::span<std::byte> second = whole.subspan(middle);
  return keeps_first ? Halves{first, second} : Halves{second, first};
}

}  // namespace

Task allreduce_rabenseifner(Team team, AllreduceArguments arguments) {
  const Folded folded(team);
  const std::span<std::byte> data = arguments.data;
  if (folded.sits_out()) {
    Sending out = team.send(team.rank() + 1, data);
    co_await out;
    Receiving in = team.recv(team.rank() + 1, data);
    co_await in;
    co_return;
  }
  const Scratch memory(team.size() > 1 ? data.size() : 0);
  if (folded.speaks_for_two()) {
    Receiving in = team.recv(team.rank() - 1, memory.all());
    co_await in;
    combine(team, arguments.op, memory.all(), data, data);
  }

  const int number = folded.number();
  std::vector<Halves> divided;
  std::span<std::byte> mine = data;
  for (int bit = 1; bit < folded.takers(); bit *= 2) {
    const int partner = number ^ bit;
    const Halves halves = divide(team, mine, number < partner);
    mine = halves.kept;
    const std::span<std::byte> arrived = memory.at(0, mine.size());
    Task step = exchange(team, folded.rank_of(partner), halves.given, arrived);
    co_await std::move(step);
    if (partner < number) {
      combine(team, arguments.op, arrived, mine, mine);
    } else {
      combine(team, arguments.op, mine, arrived, mine);
    }
    divided.push_back(halves);
  }
  for (int bit = folded.takers() / 2; bit > 0; bit /= 2) {
    const Halves halves = divided.back();
    divided.pop_back();
    Task step = exchange(team, folded.rank_of(number ^ bit), halves.kept, halves.given);
    co_await std::move(step);
  }

  if (folded.speaks_for_two()) {
    Sending out = team.send(team.rank() - 1, data);
    co_await out;
  }
}

Nanoseconds allreduce_rabenseifner_cost(const Situation& situation) {
  const auto ranks = static_cast<unsigned>(situation.ranks);
  Nanoseconds cost = std::has_single_bit(ranks) ? 0 : 2 * situation.message(situation.bytes);
  std::size_t half = situation.bytes;
  for (unsigned bit = 1; bit < std::bit_floor(ranks); bit *= 2) {
    half = half - half / 2;
    cost += 2 * situation.exchange(half);
  }
  return cost;
}

}  // namespace prun::coll
