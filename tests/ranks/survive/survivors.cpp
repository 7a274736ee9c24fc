#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <vector>

#include "tests/ranks/survive/expectations.hpp"
#include "tests/ranks/survive/scenarios.hpp"

namespace prun::test {

using namespace std::chrono_literals;

// One after the other, until one is left.
void one_after_the_other(const Communicator& world) {
  Communicator comm = world;
  Ranks left = first_ranks(world.size());
  while (comm.size() > 1) {
    const int victim = comm.size() / 2;
    if (comm.rank() == victim) die();
    lost_in("a barrier", [&] {
      for (;;) comm.barrier();
    });
    left.erase(left.begin() + victim);
    comm = comm.survivors();
    works(comm, left);
  }
}

// Every second rank at once.
void at_once(const Communicator& world) {
  settle(world);
  if (world.rank() % 2 == 1) die();
  lost_in("a barrier", [&] {
    for (;;) world.barrier();
  });
  Ranks left;
  for (int rank = 0; rank < world.size(); rank += 2) left.push_back(rank);
  Communicator comm = world.survivors();
  // Not all of them may have been lost yet.
  while (comm.size() > static_cast<int>(left.size())) {
    lost_in("a barrier of too many", [&] {
      for (;;) comm.barrier();
    });
    comm = comm.survivors();
  }
  works(comm, left);
}

// One dies first; another dies when it has come to survivors(), a third while it is waited for.
void meanwhile(const Communicator& world) {
  const int size = world.size();
  settle(world);
  if (world.rank() == size - 1) die();
  if (world.rank() == size - 2) {
    try {
      world.survivors(std::chrono::milliseconds(1));
    } catch (const Error&) {
    }
    die();
  }
  if (world.rank() == size - 3) {
    lost_in("a receive", [&] { world.recv<int>(size - 1, 1); });
    die();
  }
  Communicator comm = world.survivors();
  while (comm.size() > size - 3) {
    lost_in("a barrier of too many", [&] {
      for (;;) comm.barrier();
    });
    comm = comm.survivors();
  }
  works(comm, first_ranks(size - 3));
}

// Only the victim's neighbour sees that it is lost; all others wait for each other in a chain.
void chain(const Communicator& world) {
  const int victim = world.size() - 1;
  settle(world);
  if (world.rank() == victim) die();
  const int next = world.rank() + 1;
  const auto begun = std::chrono::steady_clock::now();
  if (world.rank() % 2 == 0) {
    lost_in("a receive in the chain", [&] { world.recv<int>(next, 1); });
  } else {
    lost_in("a send in the chain", [&] { world.ssend(1, next, 2); });
  }
  const Communicator comm = world.survivors();
  check(std::chrono::steady_clock::now() - begun < 10s, "that took long");
  works(comm, first_ranks(victim));
  // What was sent before is not lost.
  if (world.rank() % 2 == 0 && world.rank() > 0)
    check(world.recv<int>(world.rank() - 1, 2) == 1, "a message was lost");
  settle(comm);
  names({victim}, "a collective of the old communicator", [&] { world.barrier(); });
}

// Nobody is lost, and one rank after another comes.
void without_loss(const Communicator& world) {
  const Communicator comm = world.survivors();
  works(comm, first_ranks(world.size()));
  const Communicator again = comm.survivors();
  works(again, first_ranks(world.size()));
}

// A communicator without the victim notices nothing.
void undisturbed(const Communicator& world) {
  const int victim = world.size() - 1;
  const bool in = world.rank() != victim;
  const Communicator comm = world.split(in ? std::optional(1) : std::nullopt);
  settle(world);
  if (!in) die();
  // On until well after everybody knows of it.
  bool known = false;
  for (int round = 0, more = 20; more > 0; ++round) {
    check(comm.allreduce(round, std::plus<>{}) == round * comm.size(), "the sum is wrong");
    const int peer = (comm.rank() + 1) % comm.size();
    const int from = (comm.rank() + comm.size() - 1) % comm.size();
    std::vector<std::int32_t> in_place(60'000);
    comm.sendrecv(std::vector<std::int32_t>(60'000, round), peer, 1, in_place, from, 1);
    check(in_place == std::vector<std::int32_t>(60'000, round), "the ring is wrong");
    known = comm.allreduce(world.lost().size(), std::multiplies<>{}) > 0;
    if (known) --more;
  }
  settle(comm);
  works(world.survivors(), first_ranks(victim));
}

// Somebody pulls a plug of the last rank's host.
void until_lost(const Communicator& world) {
  const int victim = world.size() - 1;
  std::vector<std::int32_t> large(300'000, 1);
  world.barrier();
  std::printf("up\n");
  names({victim}, "a collective", [&] {
    for (;;) world.bcast(large, 0);
  });
  names({victim}, "a receive", [&] { world.recv<int>(victim, 1); });
  works(world.survivors(), first_ranks(victim));
}

// Somebody breaks a connection between two that live. What they are told ends them, or they go on
// without one of the two.
void until_broken(const Communicator& world, bool goes_on) {
  const std::vector<std::int32_t> out(300'000, world.rank());
  std::vector<std::int32_t> in(out.size());
  world.barrier();
  std::printf("up\n");
  std::fflush(stdout);
  const auto around = [&] {
    for (;;) {
      world.sendrecv(out, (world.rank() + 1) % world.size(), 1, in,
                     (world.rank() + world.size() - 1) % world.size(), 1);
    }
  };
  if (!goes_on) around();
  lost_in("the ring", around);
  const Communicator comm = world.survivors();
  const Ranks lost = world.lost();
  check(lost.size() == 1, "more than one is lost: " + text_of(lost));
  Ranks left = first_ranks(world.size());
  std::erase(left, lost.front());
  works(comm, left);
}

}  // namespace prun::test
