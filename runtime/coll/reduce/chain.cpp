#include "runtime/coll/reduce/chain.hpp"

#include "runtime/coll/bytes.hpp"
#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

// Reduce along a chain that ends at the root, pipelined.
//   Steps:  the data is cut into k segments; a rank combines each segment that arrives with its own
//           and passes it on while the following ones arrive. Where the operation commutes the
//           chain runs from the rank after the root around the end to the root. Otherwise there
//           are two, from either end of the ranks to the root, and the second delivers when the
//           first is through: the order of ranks holds and the root's port has one sender.
//   Bytes:  m from every rank but the root, m into every rank but the first; 2 m into the root
//           where there are two chains.
//   Cost:   (n - 2 + k) (a + m/k b): m b for long messages, 2 m b with two chains
//   Source: the broadcast chain run backwards; see bcast/chain.cpp.
namespace prun::coll {
namespace {

constexpr int nobody = -1;

// On which side of this rank's own contribution that of the ranks before it in the chain belongs.
enum class Side : std::uint8_t { left, right };

void combine_from(Side side, const Team& team, const detail::Reduction& op,
                  std::span<const std::byte> arrived, std::span<const std::byte> own,
                  std::span<std::byte> out) {
  if (side == Side::left) {
    combine(team, op, arrived, own, out);
  } else {
    combine(team, op, own, arrived, out);
  }
}

// A rank at the start of a chain.
Task feed(Team team, std::span<const std::byte> mine, int to) {
  const Segments segments(team, mine.size());
  Sends outgoing;
  Outlet outlet(team, to);
  for (std::size_t k = 0; k < segments.count(); ++k) {
    if (outgoing.size() == segments_ahead) co_await outgoing.oldest();
    co_await outlet;
    outgoing.start(team, to, segments.of(mine, k));
  }
  while (!outgoing.empty()) co_await outgoing.oldest();
}

// A rank in the middle.
Task pass_on(Team team, ReduceArguments arguments, int from, Side side, int to) {
  const Segments segments(team, arguments.mine.size());
  // A place is taken from when a segment is asked for until it has left: half of them on the way
  // in, half on the way out.
  constexpr std::size_t places = 2 * segments_ahead;
  const Scratch memory(std::min(places, segments.count()) * segments.largest());
  const auto place_of = [&](std::size_t k) {
    return memory.at(k % places * segments.largest(), segments.size(k));
  };
  Receives incoming;
  Sends outgoing;
  Outlet outlet(team, to);
  std::size_t asked = 0;
  for (std::size_t k = 0; k < segments.count(); ++k) {
    for (; asked < segments.count() && asked < k + segments_ahead; ++asked)
      incoming.start(team, from, place_of(asked));
    co_await incoming.oldest();
    const std::span<std::byte> segment = place_of(k);
    combine_from(side, team, arguments.op, segment, segments.of(arguments.mine, k), segment);
    if (outgoing.size() == segments_ahead) co_await outgoing.oldest();
    co_await outlet;
    outgoing.start(team, to, segment);
  }
  while (!outgoing.empty()) co_await outgoing.oldest();
}

// The root, at the end of a chain: `own` may be the result.
Task take(Team team, ReduceArguments arguments, std::span<const std::byte> own, int from,
          Side side) {
  const Segments segments(team, own.size());
  const Scratch memory(std::min(segments_ahead, segments.count()) * segments.largest());
  const auto place_of = [&](std::size_t k) {
    return memory.at(k % segments_ahead * segments.largest(), segments.size(k));
  };
  Receives incoming;
  std::size_t asked = 0;
  for (std::size_t k = 0; k < segments.count(); ++k) {
    for (; asked < segments.count() && asked < k + segments_ahead; ++asked)
      incoming.start(team, from, place_of(asked));
    co_await incoming.oldest();
    combine_from(side, team, arguments.op, place_of(k), segments.of(own, k),
                 segments.of(arguments.result, k));
  }
}

Task link(const Team& team, const ReduceArguments& arguments, int from, Side side, int to) {
  if (from == nobody) return feed(team, arguments.mine, to);
  return pass_on(team, arguments, from, side, to);
}

// One chain around the end.
Task around(Team team, ReduceArguments arguments) {
  const int position = team.distance_from(arguments.root);
  const int from = position + 1 < team.size() ? team.neighbour(1) : nobody;
  if (position > 0) {
    Task onward = link(team, arguments, from, Side::right, team.neighbour(-1));
    co_await std::move(onward);
  } else if (from == nobody) {
    copy(arguments.mine, arguments.result);
  } else {
    Task last = take(team, arguments, arguments.mine, from, Side::right);
    co_await std::move(last);
  }
}

// A chain from either end.
Task from_both_ends(Team team, ReduceArguments arguments) {
  const int rank = team.rank();
  const int root = arguments.root;
  const int end = team.size() - 1;
  if (rank < root) {
    Task onward = link(team, arguments, rank > 0 ? rank - 1 : nobody, Side::left, rank + 1);
    co_await std::move(onward);
  } else if (rank > root) {
    if (rank == root + 1 && root > 0) {
      Receiving turn = team.recv(root, {});
      co_await turn;
    }
    Task onward = link(team, arguments, rank < end ? rank + 1 : nobody, Side::right, rank - 1);
    co_await std::move(onward);
  } else {
    std::span<const std::byte> own = arguments.mine;
    if (root > 0) {
      Task left = take(team, arguments, own, root - 1, Side::left);
      co_await std::move(left);
      own = arguments.result;
    }
    if (root > 0 && root < end) {
      Sending turn = team.send(root + 1, {});
      co_await turn;
    }
    if (root < end) {
      Task right = take(team, arguments, own, root + 1, Side::right);
      co_await std::move(right);
      own = arguments.result;
    }
    copy(own, arguments.result);
  }
}

}  // namespace

Task reduce_chain(Team team, ReduceArguments arguments) {
  if (arguments.op.commutative) return around(team, std::move(arguments));
  return from_both_ends(team, std::move(arguments));
}

Nanoseconds reduce_chain_cost(const Situation& situation) {
  const Nanoseconds one_chain = situation.pipeline(situation.ranks - 1, situation.bytes);
  return situation.commutative ? one_chain : one_chain + situation.link().wire(situation.bytes);
}

}  // namespace prun::coll
