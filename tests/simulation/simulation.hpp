#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/plan.hpp"

namespace prun::test {

// A job without processes and without waiting: the ranks of a Plan run its steps over wires of virtual
// time, one after the other in one thread, and something may befall them. What holds for every job
// is held to: each message comes once, in order and as it was sent; a rank that cannot go on says
// which other one it has lost; nobody waits for ever; what is queued for a peer is bounded. The same
// seed gives the same run.
class Simulation {
 public:
  explicit Simulation(std::uint32_t seed);
  ~Simulation();

  // To the end of all ranks; the test fails with what does not hold.
  void run();

  // Of two runs of one seed the same.
  VirtualTime took() const { return cluster_.now(); }
  const Plan& plan() const { return plan_; }

 private:
  enum class State : std::uint8_t { running, closing, finished, failed, dead };
  // A collective that its rank has not waited for yet.
  struct Later;
  struct Rank {
    State state = State::running;
    std::mt19937 random;
    std::vector<std::unique_ptr<Later>> later;
    std::optional<coll::Task> program;
    std::size_t step = 0;
    const std::vector<p2p::Operation*>* waits_for_all = nullptr;  // of its program
  };
  class Pause;
  struct Sent;
  struct Received;

  coll::Task program(int rank);
  coll::Task exchange(int rank, const SimulatedStep& step);
  coll::Task collective(int rank, std::size_t step);
  coll::Task in_background(int rank, std::size_t step, Later& later);
  coll::Task wait_for_later(int rank);
  void check_received(int rank, const SimulatedStep& step,
                      const std::vector<std::unique_ptr<Received>>& received);
  void cancel_one(int rank, const SimulatedGroup& group);

  bool look_at_ranks();
  void end_of_program(int rank);
  void fail(int rank, const core::Failure& failure);
  void befall();
  void die(int rank);
  void on_gone(int rank, int peer, bool orderly, const std::string& cause);
  void check_failure(int rank, const core::Failure& failure);
  void expect_nothing_left();

  Rank& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  VirtualTime up_to(int rank, VirtualTime most);

  Plan plan_;
  Cluster cluster_;
  std::vector<Rank> ranks_;
  std::vector<std::size_t> members_done_;  // of the collective of each step
  std::set<int> lost_;                     // whom a failure may name
  std::set<std::pair<int, int>> broken_;   // connections, both ways
  bool too_late_ = false;
};

}  // namespace prun::test
