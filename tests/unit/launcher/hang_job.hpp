#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"

// Jobs for the tests of launcher/hang, put together by hand.
namespace prun::hang::test {

using bootstrap::AwaitedOperation;
using bootstrap::RankState;

inline Datatype int32() {
  return datatype_of<std::int32_t>();
}

inline AwaitedOperation receive(std::int32_t from, std::int32_t tag, std::uint32_t context = 0) {
  AwaitedOperation operation;
  operation.kind = AwaitedOperation::Kind::recv;
  operation.context = context;
  operation.peer = from;
  operation.tag = tag;
  operation.count = 1;
  operation.type = int32();
  return operation;
}

inline AwaitedOperation synchronous_send(std::int32_t to, std::int32_t tag) {
  AwaitedOperation operation = receive(to, tag);
  operation.kind = AwaitedOperation::Kind::send;
  operation.synchronous = true;
  return operation;
}

// A job whose ranks all wait in something, until a test says otherwise.
struct Job {
  explicit Job(std::uint32_t ranks) {
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      RankFacts one;
      one.rank = rank;
      one.state = RankState();
      one.state->rank = rank;
      one.state->waiting = true;
      one.state->still_ms = 1500;
      one.state->place = {"/home/pi/ring.cpp", 10};
      one.state->communicators.push_back({});  // the world
      facts.ranks.push_back(one);
    }
  }

  RankState& operator[](std::uint32_t rank) { return *facts.ranks[rank].state; }

  void in(std::uint32_t rank, const std::string& call, const AwaitedOperation& operation) {
    RankState& state = (*this)[rank];
    state.call = call;
    state.operations.push_back(operation);
    state.operations_in_all = static_cast<std::uint32_t>(state.operations.size());
  }

  // The rank has entered the collective, as its next call on the world.
  void entered(std::uint32_t rank, const std::string& name, std::int32_t root = -1,
               std::uint64_t count = AwaitedOperation::any_count) {
    auto& world = (*this)[rank].communicators.front();
    ++world.calls;
    world.last_calls.push_back({name, root, count, int32(), {"ring.cpp", 20 + world.calls}});
  }
  // And waits in it.
  void in_collective(std::uint32_t rank, const std::string& name, std::int32_t root = -1,
                     std::uint64_t count = AwaitedOperation::any_count) {
    entered(rank, name, root, count);
    AwaitedOperation operation;
    operation.kind = AwaitedOperation::Kind::collective;
    operation.name = name;
    operation.peer = root;
    operation.count = count;
    operation.type = int32();
    operation.call = (*this)[rank].communicators.front().calls;
    in(rank, "wait", operation);
  }

  void ended(std::uint32_t rank, const std::string& how) {
    facts.ranks[rank].state.reset();
    facts.ranks[rank].end = how;
  }
  void does(std::uint32_t rank, bootstrap::ProcessState::Doing doing, std::uint32_t busy_permille) {
    facts.ranks[rank].state.reset();
    facts.ranks[rank].process =
        bootstrap::ProcessState{rank, bootstrap::RankPhase::joined, doing, busy_permille};
  }

  JobFacts facts;
};

}  // namespace prun::hang::test
