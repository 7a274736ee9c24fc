#include "runtime/coll/allgather/ring.hpp"

// Allgather around a ring.
//   Steps:  n-1; in each, every rank sends to the next the block it received last, its own at
//           first, and receives another from the one before. Blocks may differ in size.
//   Bytes:  (n-1) m to and from every rank; every port has one sender at any time.
//   Cost:   (n-1) (a + m b)
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

Task allgather_ring(Team team, AllgatherArguments arguments) {
  const int before = team.neighbour(-1);
  const int next = team.neighbour(1);
  for (int step = 0; step + 1 < team.size(); ++step) {
    Receiving in = team.recv(before, arguments.all[team.neighbour(-step - 1)]);
    Sending out = team.send(next, arguments.all[team.neighbour(-step)]);
    co_await in;
    co_await out;
  }
}

}  // namespace prun::coll
