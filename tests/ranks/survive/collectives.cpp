#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/ranks/survive/expectations.hpp"
#include "tests/ranks/survive/scenarios.hpp"

namespace prun::test {

namespace {

using Collective = std::function<void(const Communicator&)>;

std::map<std::string, Collective> collectives() {
  const auto sized = [](const Communicator& comm, std::size_t each) {
    return std::vector<std::int32_t>(each * static_cast<std::size_t>(comm.size()), comm.rank());
  };
  return {
      {"barrier", [](const auto& comm) { comm.barrier(); }},
      {"bcast",
       [](const auto& comm) {
         std::vector<std::int32_t> data(40'000, comm.rank());
         comm.bcast(data, 0);
       }},
      {"gather", [](const auto& comm) { comm.gather(std::vector<std::int32_t>(5'000, 1), 0); }},
      {"scatter",
       [=](const auto& comm) {
         std::vector<std::int32_t> mine(5'000);
         comm.scatter(sized(comm, 5'000), mine, 0);
       }},
      {"allgather", [](const auto& comm) { comm.allgather(std::vector<std::int32_t>(5'000, 1)); }},
      {"reduce",
       [](const auto& comm) {
         comm.reduce(std::vector<std::int32_t>(40'000, 1), std::plus<>{}, 0);
       }},
      {"allreduce",
       [](const auto& comm) {
         comm.allreduce(std::vector<std::int32_t>(40'000, 1), std::plus<>{});
       }},
      {"reduce_scatter",
       [=](const auto& comm) {
         std::vector<std::int32_t> mine(5'000);
         comm.reduce_scatter(sized(comm, 5'000), mine, std::plus<>{});
       }},
      {"alltoall", [=](const auto& comm) { comm.alltoall(sized(comm, 5'000)); }},
      {"scan",
       [](const auto& comm) { comm.scan(std::vector<std::int32_t>(40'000, 1), std::plus<>{}); }},
      {"exscan",
       [](const auto& comm) { comm.exscan(std::vector<std::int32_t>(40'000, 1), std::plus<>{}); }},
      {"dup", [](const auto& comm) { comm.dup(); }},
  };
}

}  // namespace

// One rank dies in the middle of a row of calls.
void in_collectives(const Communicator& world, const std::string& which) {
  Communicator comm = world;
  Ranks left = first_ranks(world.size());
  for (const auto& [name, call] : collectives()) {
    if (which != "all" && which != name) continue;
    if (comm.size() == 1) break;
    const Communicator beside = comm.dup();
    const int victim = 1 + static_cast<int>(name.size()) % (comm.size() - 1);
    settle(comm);
    if (comm.rank() == victim) {
      for (int round = 0; round < 3; ++round) call(comm);
      die();
    }
    const Ranks named = lost_in(name, [&] {
      for (;;) call(comm);
    });
    check(named == Ranks{victim}, name + " names " + text_of(named));
    names({victim}, "the next " + name, [&] { call(comm); });
    names({victim}, "one on another communicator", [&] { call(beside); });
    left.erase(left.begin() + victim);
    comm = comm.survivors();
    works(comm, left);
  }
}

// Non-blocking ones under way, several at once, and point to point beside them.
void non_blocking(const Communicator& world) {
  const int victim = world.size() / 2;
  const Communicator other = world.dup();
  std::vector<std::int32_t> a(40'000, 1);
  std::vector<std::int32_t> b(40'000, 1);
  std::int32_t c = 0;
  settle(world);
  if (world.rank() == victim) die();
  const Ranks named = lost_in("one of three", [&] {
    Request requests[] = {world.iallreduce(in_place, a, std::plus<>{}), other.ibarrier(),
                          world.ibcast(b, 0)};
    wait_all(requests);
    (void)c;
  });
  check(named == Ranks{victim}, "the wrong ranks");
  Ranks left = first_ranks(world.size());
  left.erase(left.begin() + victim);
  works(other.survivors(), left);
}

}  // namespace prun::test
