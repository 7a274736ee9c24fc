// Ranks that are somewhere in the library when another dies: argument 1 says where, argument 2 who dies.
// Each says "waits" and its process id before it goes there; whoever runs this kills the rank of
// argument 2, which takes part in nothing. Then each says what it was told.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <prun/prun.hpp>
#include <span>
#include <string>
#include <vector>

namespace {

using prun::Communicator;

// Elements: goes in pieces, whatever the way. The thread sanitizer has so much to do with each byte of
// memory given back that ranks with more would not leave in the time they have.
#ifdef PRUN_MEMORY_IS_DEAR
constexpr std::size_t large = std::size_t{1} << 17;
#else
constexpr std::size_t large = std::size_t{1} << 20;
#endif

struct Place {
  Communicator& world;
  int victim;

  int size() const { return world.size(); }
  std::vector<std::int32_t> numbers(std::size_t count) const {
    return std::vector<std::int32_t>(count, world.rank());
  }
};

using Call = std::function<void(const Place&)>;

// Names with "large" in them are the same with much.
const std::map<std::string, Call>& places() {
  static const std::map<std::string, Call> all{
      // Point to point.
      {"recv", [](const Place& p) { p.world.recv<int>(p.victim, 1); }},
      {"recv-any", [](const Place& p) { p.world.recv<int>(prun::any_source, 1); }},
      {"recv-large", [](const Place& p) { p.world.recv<std::vector<int>>(p.victim); }},
      {"send-without-credit",
       [](const Place& p) {
         for (;;) p.world.send(1, p.victim, 2);
       }},
      {"send-large", [](const Place& p) { p.world.send(p.numbers(16 * large), p.victim); }},
      {"ssend", [](const Place& p) { p.world.ssend(1, p.victim); }},
      {"sendrecv",
       [](const Place& p) {
         auto in = p.numbers(large);
         p.world.sendrecv(p.numbers(large), p.victim, 0, in, p.victim);
       }},
      {"wait",
       [](const Place& p) {
         int value = 0;
         p.world.irecv(value, p.victim).wait();
       }},
      {"wait-send", [](const Place& p) { p.world.isend(p.numbers(16 * large), p.victim).wait(); }},
      {"wait-all",
       [](const Place& p) {
         std::array<int, 2> values{};
         std::array<prun::Request, 2> requests{p.world.irecv(values[0], p.victim),
                                               p.world.issend(1, p.victim)};
         prun::wait_all(requests);
       }},
      {"wait-any",
       [](const Place& p) {
         std::array<int, 2> values{};
         std::array<prun::Request, 2> requests{p.world.irecv(values[0], p.victim),
                                               p.world.irecv(values[1], p.world.rank(), 9)};
         prun::wait_any(requests);
       }},
      {"wait-some",
       [](const Place& p) {
         int value = 0;
         std::array<prun::Request, 1> requests{p.world.irecv(value, p.victim)};
         prun::wait_some(requests);
       }},
      {"test",
       [](const Place& p) {
         int value = 0;
         auto request = p.world.irecv(value, p.victim);
         while (!request.test()) ::usleep(1000);
       }},
      {"probe", [](const Place& p) { p.world.probe(p.victim); }},
      {"recv-with-deadline",
       [](const Place& p) { p.world.recv<int>(p.victim, 1, std::chrono::seconds(20)); }},
      // Collectives.
      {"barrier", [](const Place& p) { p.world.barrier(); }},
      {"ibarrier", [](const Place& p) { p.world.ibarrier().wait(); }},
      {"bcast",
       [](const Place& p) {
         int value = 0;
         p.world.bcast(value, p.victim);
       }},
      {"bcast-large",
       [](const Place& p) {
         auto values = p.numbers(large);
         p.world.bcast(std::span(values), p.victim);
       }},
      {"gather",
       [](const Place& p) {
         p.world.gather(p.numbers(1), (p.victim + 1) % p.size());
         p.world.barrier();
       }},
      {"scatter",
       [](const Place& p) {
         int mine = 0;
         p.world.scatter(p.numbers(static_cast<std::size_t>(p.size())), mine, p.victim);
       }},
      {"allgather", [](const Place& p) { p.world.allgather(p.numbers(1)); }},
      {"allgather-large", [](const Place& p) { p.world.allgather(p.numbers(large)); }},
      {"reduce",
       [](const Place& p) {
         p.world.reduce(1, std::plus<>{}, (p.victim + 1) % p.size());
         p.world.barrier();
       }},
      {"allreduce", [](const Place& p) { p.world.allreduce(1, std::plus<>{}); }},
      {"allreduce-large",
       [](const Place& p) { p.world.allreduce(p.numbers(large), std::plus<>{}); }},
      {"iallreduce",
       [](const Place& p) {
         const int mine = 1;
         int sum = 0;
         p.world.iallreduce(mine, sum, std::plus<>{}).wait();
       }},
      {"reduce-scatter",
       [](const Place& p) {
         int mine = 0;
         p.world.reduce_scatter(p.numbers(static_cast<std::size_t>(p.size())), mine, std::plus<>{});
       }},
      {"alltoall",
       [](const Place& p) { p.world.alltoall(p.numbers(static_cast<std::size_t>(p.size()))); }},
      {"alltoall-large",
       [](const Place& p) {
         p.world.alltoall(p.numbers(static_cast<std::size_t>(p.size()) * (large / 4)));
       }},
      {"scan",
       [](const Place& p) {
         p.world.scan(1, std::plus<>{});
         p.world.barrier();
       }},
      {"exscan",
       [](const Place& p) {
         p.world.exscan(1, std::plus<>{});
         p.world.barrier();
       }},
      // Communicators.
      {"dup", [](const Place& p) { p.world.dup(); }},
      {"split", [](const Place& p) { p.world.split(p.world.rank() % 2); }},
      {"split-by-host", [](const Place& p) { p.world.split_by_host(); }},
  };
  return all;
}

// Alive and deaf until it is killed.
[[noreturn]] void take_part_in_nothing() {
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string where = argc > 1 ? argv[1] : "";
  if (where == "list") {
    for (const auto& [name, call] : places()) std::printf("%s\n", name.c_str());
    return 0;
  }
  const int victim = argc > 2 ? std::atoi(argv[2]) : 0;
  // Whether all know each other before; if not, connections have to be made at the place.
  const bool met = argc <= 3 || std::string(argv[3]) != "strangers";
  const auto place = places().find(where);
  if (place == places().end()) {
    std::fprintf(stderr, "no such place: %s\n", where.c_str());
    return 2;
  }
  prun::Environment env(argc, argv);
  Communicator& world = env.world();
  if (met) world.barrier();
  std::printf("%d waits %d\n", world.rank(), static_cast<int>(::getpid()));
  if (world.rank() == victim) take_part_in_nothing();
  try {
    place->second({world, victim});
    std::printf("%d was told nothing\n", world.rank());
  } catch (const prun::Error& error) {
    std::printf("%d was told %s: %s\n", world.rank(), prun::to_string(error.code()), error.what());
  }
  take_part_in_nothing();  // prun ends it
}
