#include "runtime/coll/allreduce/recursive_doubling.hpp"

#include <bit>

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/folded.hpp"

// Allreduce by recursive doubling; keeps the order of ranks.
//   Steps:  log2 p, with p the largest power of two not above n; in step k every rank exchanges
//           what it has with the partner whose number differs in bit k, and both have what 2^(k+1)
//           neighbouring ranks contributed. The n - p ranks too many, every second one of the first
//           2 (n - p), give their contribution to their neighbour first and get the result from it
//           last.
//   Bytes:  log2 p m to and from every rank that takes part, m more for the neighbours.
//   Cost:   log2 n (a + m b) for powers of two, (floor(log2 n) + 2) (a + m b) otherwise
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

Task allreduce_recursive_doubling(Team team, AllreduceArguments arguments) {
  const Folded folded(team);
  const int rank = team.rank();
  const std::span<std::byte> data = arguments.data;

  if (folded.sits_out()) {
    Sending out = team.send(rank + 1, data);
    co_await out;
    Receiving in = team.recv(rank + 1, data);
    co_await in;
    co_return;
  }
  const Scratch incoming(team.size() > 1 ? data.size() : 0);
  if (folded.speaks_for_two()) {
    Receiving in = team.recv(rank - 1, incoming.all());
    co_await in;
    combine(team, arguments.op, incoming.all(), data, data);
  }

  const int number = folded.number();
  for (int bit = 1; bit < folded.takers(); bit *= 2) {
    const int partner = number ^ bit;
    Receiving in = team.recv(folded.rank_of(partner), incoming.all());
    Sending out = team.send(folded.rank_of(partner), data);
    co_await in;
    co_await out;
    if (partner < number) {
      combine(team, arguments.op, incoming.all(), data, data);
    } else {
      combine(team, arguments.op, data, incoming.all(), data);
    }
  }

  if (folded.speaks_for_two()) {
    Sending out = team.send(rank - 1, data);
    co_await out;
  }
}

Nanoseconds allreduce_recursive_doubling_cost(const Situation& situation) {
  const bool power_of_two = std::has_single_bit(static_cast<unsigned>(situation.ranks));
  const int steps = power_of_two ? situation.rounds() : situation.rounds() + 1;
  return steps * situation.message(situation.bytes);
}

}  // namespace prun::coll
