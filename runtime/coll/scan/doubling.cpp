#include "runtime/coll/scan/doubling.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/transfers.hpp"

// Inclusive scan by doubling; keeps the order of ranks.
//   Steps:  ceil(log2 n); before step k a rank has the combined contributions of the 2^k ranks up
//           to itself. It sends that to the rank 2^k further on and puts what comes from the rank
//           2^k before in front of its own.
//   Bytes:  up to ceil(log2 n) m to and from every rank.
//   Cost:   ceil(log2 n) (a + m b)
//   Source: W. D. Hillis, G. L. Steele, "Data parallel algorithms", Communications of the ACM
//           29(12), 1986.
namespace prun::coll {

Task scan_doubling(Team team, ScanArguments arguments) {
  const int rank = team.rank();
  const Scratch before(rank > 0 ? arguments.data.size() : 0);
  for (int distance = 1; distance < team.size(); distance *= 2) {
    Receives incoming;
    Sends outgoing;
    if (rank >= distance) incoming.start(team, rank - distance, before.all());
    if (rank + distance < team.size()) outgoing.start(team, rank + distance, arguments.data);
    if (!outgoing.empty()) co_await outgoing.oldest();
    if (!incoming.empty()) {
      co_await incoming.oldest();
      combine(team, arguments.op, before.all(), arguments.data, arguments.data);
    }
  }
}

Nanoseconds scan_doubling_cost(const Situation& situation) {
  return situation.rounds() * situation.message(situation.bytes);
}

}  // namespace prun::coll
