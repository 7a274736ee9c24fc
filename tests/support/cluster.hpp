#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"
#include "runtime/p2p/endpoint.hpp"
#include "tests/support/memory_transport.hpp"

namespace prun::test {

struct ClusterOptions {
  int ranks = 2;
  p2p::Limits limits;
  MemoryOptions network;  // its seed also varies the order in which ranks run
  // What a rank makes of the end of a connection; without, it takes the peer for finished or lost.
  std::function<void(int rank, int peer, bool orderly, const std::string& cause)> on_gone;
};

// Ranks without processes: an Endpoint each over a MemoryNetwork, driven in turn by one thread. Where
// the network has wires, time passes whenever nothing else can happen.
class Cluster {
 public:
  explicit Cluster(ClusterOptions options);

  int size() const { return static_cast<int>(endpoints_.size()); }
  p2p::Endpoint& endpoint(int rank) { return *endpoints_[static_cast<std::size_t>(rank)]; }

  // All ranks as the members of collective number `call`.
  coll::Team team(int rank, std::int32_t call, const Datatype& type);

  VirtualTime now() const { return network_.now(); }
  // Calls something at a time to come; the answer is for forget.
  std::uint64_t at(VirtualTime time, std::function<void()> call);
  void forget(std::uint64_t call) {
    std::erase_if(calls_, [call](const auto& entry) { return entry.second.number == call; });
  }
  // The rank computes until then, and is not in the library: nothing of it moves.
  void keep_busy(int rank, VirtualTime until) {
    busy_until_[static_cast<std::size_t>(rank)] = until;
  }

  MemoryNetwork& network() { return network_; }

  // Steps all ranks until `done`; false if it is not and nothing moves any more.
  bool run_until(const std::function<bool()>& done);

  // Starts a task on each rank, in rank order or, with a seed, some other, and runs them to their
  // ends. The test fails, naming the ranks that wait, if they do not end.
  void run(std::vector<coll::Task>& tasks);

  // The rank's connections break, as when its process dies.
  void lose(int rank) { network_.cut(rank, "died"); }

  // The test fails if a message is left over anywhere, or anything still moves.
  void expect_quiet();

 private:
  struct Call {
    std::uint64_t number;
    std::function<void()> call;
  };

  bool step();
  bool take_in();
  bool pass_time();
  std::vector<std::size_t> order();

  ClusterOptions options_;
  std::minstd_rand random_;
  MemoryNetwork network_;
  std::vector<p2p::WorldRank> members_;
  std::vector<std::unique_ptr<p2p::Endpoint>> endpoints_;
  std::vector<VirtualTime> busy_until_;
  std::multimap<VirtualTime, Call> calls_;
  std::uint64_t next_call_ = 0;
};

// What the task failed with, or null; a test failure if that is no failed transfer.
std::optional<core::Failure> failure_of(const coll::Task& task);

}  // namespace prun::test
