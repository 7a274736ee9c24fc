#include "runtime/coll/alltoall/interleaved.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

// All-to-all in many small turns, pipelined.
//   Steps:  n-1 in each of k rounds; in a round every rank sends one segment to every other one, in
//           a step to the rank that far on. Nothing is asked for: a rank sends as long as it is no
//           more than a few steps ahead of what it has received, so that ranks stay together, and
//           who is late is waited for by nobody but those few steps later. Blocks may differ in
//           size.
//   Bytes:  (n-1) m to and from every rank; every port has one sender at a time, give or take the
//           few segments that ranks are apart, which is less than a small switch keeps for a port.
//   Cost:   a + (n-1) (m b + k o) + (n-1) m/k b: ranks are up to a round apart when they end
//   Source: the schedule of R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective
//           communication operations in MPICH", Int. J. High Performance Computing Applications
//           19(1), 2005 (pairwise exchange), with the blocks in segments.
namespace prun::coll {
namespace {

// How far a rank may be ahead of what it has received: enough that a rank which comes to its turn
// late leaves no link idle, and not so much that senders meet at a port in numbers. Measured with 1
// MiB for each of 8 hosts at 100 Mbit/s, times of the lower bound: 64 KiB 1.07, 128 KiB 1.04, 256
// KiB 1.16, with packets lost.
constexpr std::size_t bytes_ahead = std::size_t{128} << 10;

// The segments that one member sends, or receives, in the order of the turns they belong to. Turns
// are numbered alike on all members; who has nothing more for a peer passes his turns over.
class Turns {
 public:
  Turns(const Team& team, const Blocks& blocks, std::vector<int> peers)
      : blocks_(blocks), peers_(std::move(peers)) {
    for (const int peer : peers_) {
      segments_.emplace_back(team, blocks.size(peer));
      rounds_ = std::max(rounds_, segments_.back().count());
    }
    skip();
  }

  bool done() const { return round_ == rounds_; }
  std::size_t number() const { return round_ * peers_.size() + step_; }
  int peer() const { return peers_[step_]; }
  std::span<std::byte> segment() const { return segments_[step_].of(blocks_[peer()], round_); }
  void next() {
    advance();
    skip();
  }

 private:
  void advance() {
    if (++step_ < peers_.size()) return;
    step_ = 0;
    ++round_;
  }
  void skip() {
    while (!done() && round_ >= segments_[step_].count()) advance();
  }

  const Blocks& blocks_;
  std::vector<int> peers_;          // by step
  std::vector<Segments> segments_;  // by step
  std::size_t rounds_ = 0;
  std::size_t round_ = 0;
  std::size_t step_ = 0;
};

}  // namespace

Task alltoall_interleaved(Team team, AlltoallArguments arguments) {
  const std::size_t turns_ahead = std::max<std::size_t>(bytes_ahead / team.segment_bytes(), 2);
  std::vector<int> sources;
  std::vector<int> targets;
  for (int step = 1; step < team.size(); ++step) {
    sources.push_back(team.neighbour(-step));
    targets.push_back(team.neighbour(step));
  }
  Turns asked(team, arguments.incoming, std::move(sources));
  Turns here = asked;
  Turns leaving(team, arguments.outgoing, std::move(targets));
  Receives incoming;
  Sends outgoing;
  std::optional<Outlet> outlet;
  while (!here.done() || !leaving.done() || !outgoing.empty()) {
    // Others may be ahead as well.
    for (; !asked.done() && asked.number() < here.number() + 2 * turns_ahead; asked.next())
      incoming.start(team, asked.peer(), asked.segment());
    bool blocked = false;
    while (!leaving.done() && outgoing.size() < turns_ahead &&
           (here.done() || leaving.number() < here.number() + turns_ahead)) {
      outlet.emplace(team, leaving.peer());
      blocked = !outlet->await_ready();
      if (blocked) break;
      outgoing.start(team, leaving.peer(), leaving.segment());
      leaving.next();
    }
    co_await any_ready(incoming, outgoing, blocked ? &*outlet : nullptr);
    while (outgoing.ready()) outgoing.take();
    for (; incoming.ready(); here.next()) incoming.take();
  }
}

Nanoseconds alltoall_interleaved_cost(const Situation& situation) {
  const auto others = static_cast<std::size_t>(situation.ranks - 1);
  const std::size_t count = others * situation.segments(situation.bytes);
  // Longer than the eager limit, every one of them would ask first.
  if (situation.segment > situation.eager_bytes)
    return static_cast<Nanoseconds>(count) * situation.message(situation.segment);
  return situation.link().latency + situation.stream(others * situation.bytes, count) +
         situation.link().wire(others * std::min(situation.segment, situation.bytes));
}

}  // namespace prun::coll
