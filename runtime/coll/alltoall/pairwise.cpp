#include "runtime/coll/alltoall/pairwise.hpp"

// All-to-all by pairwise exchange.
//   Steps:  n-1; in step k every rank sends to the rank k further on and receives from the rank k
//           before. Blocks may differ in size.
//   Bytes:  (n-1) m to and from every rank; every port has one sender at any time.
//   Cost:   (n-1) (a + m b)
//   Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
//           operations in MPICH", Int. J. High Performance Computing Applications 19(1), 2005.
namespace prun::coll {

Task alltoall_pairwise(Team team, AlltoallArguments arguments) {
  for (int step = 1; step < team.size(); ++step) {
    const int to = team.neighbour(step);
    const int from = team.neighbour(-step);
    Receiving in = team.recv(from, arguments.incoming[from]);
    Sending out = team.send(to, arguments.outgoing[to]);
    co_await in;
    co_await out;
  }
}

}  // namespace prun::coll
