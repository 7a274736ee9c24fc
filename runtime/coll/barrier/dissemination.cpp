#include "runtime/coll/barrier/dissemination.hpp"

// Barrier by dissemination.
//   Steps:  ceil(log2 n); in step k every rank tells the one 2^k further on and hears from the one
//           2^k before.
//   Bytes:  none but headers.
//   Cost:   ceil(log2 n) a
//   Source: D. Hensgen, R. Finkel, U. Manber, "Two algorithms for barrier synchronization", Int. J.
//           Parallel Programming 17(1), 1988.
namespace prun::coll {

Task barrier_dissemination(Team team, BarrierArguments) {
  for (int distance = 1; distance < team.size(); distance *= 2) {
    Receiving in = team.recv(team.neighbour(-distance), {});
    Sending out = team.send(team.neighbour(distance), {});
    co_await in;
    co_await out;
  }
}

Nanoseconds barrier_dissemination_cost(const Situation& situation) {
  return situation.rounds() * situation.message(0);
}

}  // namespace prun::coll
