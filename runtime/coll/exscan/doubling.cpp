#include "runtime/coll/exscan/doubling.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/transfers.hpp"

// Exclusive scan by doubling; keeps the order of ranks.
//   Steps:  ceil(log2 n), as scan/doubling.cpp; what arrives is put in front of the combination
//           with this rank's contribution, which goes on, and of the one without, the result.
//   Bytes:  up to ceil(log2 n) m to and from every rank.
//   Cost:   ceil(log2 n) (a + m b)
//   Source: W. D. Hillis, G. L. Steele, "Data parallel algorithms", Communications of the ACM
//           29(12), 1986.
namespace prun::coll {

Task exscan_doubling(Team team, ExscanArguments arguments) {
  const int rank = team.rank();
  const std::size_t bytes = arguments.mine.size();
  const Scratch before(bytes);
  const Scratch upto_mine(bytes);
  copy(arguments.mine, upto_mine.all());
  for (int distance = 1; distance < team.size(); distance *= 2) {
    Receives incoming;
    Sends outgoing;
    if (rank >= distance) incoming.start(team, rank - distance, before.all());
    if (rank + distance < team.size()) outgoing.start(team, rank + distance, upto_mine.all());
    if (!outgoing.empty()) co_await outgoing.oldest();
    if (!incoming.empty()) {
      co_await incoming.oldest();
      if (distance == 1) {
        copy(before.all(), arguments.result);
      } else {
        combine(team, arguments.op, before.all(), arguments.result, arguments.result);
      }
      combine(team, arguments.op, before.all(), upto_mine.all(), upto_mine.all());
    }
  }
}

Nanoseconds exscan_doubling_cost(const Situation& situation) {
  return situation.rounds() * situation.message(situation.bytes);
}

}  // namespace prun::coll
