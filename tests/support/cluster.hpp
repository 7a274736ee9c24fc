#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
};

// Ranks without processes: an Endpoint each over a MemoryNetwork, driven in turn by one thread.
class Cluster {
 public:
  explicit Cluster(ClusterOptions options);

  int size() const { return static_cast<int>(endpoints_.size()); }
  p2p::Endpoint& endpoint(int rank) { return *endpoints_[static_cast<std::size_t>(rank)]; }

  // All ranks as the members of collective number `call`.
  coll::Team team(int rank, std::int32_t call, const Datatype& type);

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
  bool step();
  std::vector<std::size_t> order();

  ClusterOptions options_;
  std::minstd_rand random_;
  MemoryNetwork network_;
  std::vector<p2p::WorldRank> members_;
  std::vector<std::unique_ptr<p2p::Endpoint>> endpoints_;
};

// What the task failed with, or null; a test failure if that is no failed transfer.
std::optional<core::Failure> failure_of(const coll::Task& task);

}  // namespace prun::test
