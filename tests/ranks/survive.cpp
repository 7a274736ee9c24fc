// Jobs that go on without ranks they lose (prun --on-failure=continue): each scenario kills ranks at
// chosen points, and those that are left check what docs/failures.md promises. A broken promise ends
// the job with status 9.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <prun/prun.hpp>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/ranks/losing.hpp"

namespace {

using namespace std::chrono_literals;
using Ranks = std::vector<int>;

using prun::test::check;
using prun::test::die;
using prun::test::the_env;

std::string text_of(const Ranks& ranks) {
  std::string text;
  for (const int rank : ranks) text.append(std::to_string(rank)).append(" ");
  return text;
}

// Calls what must end with peer_lost, and answers the ranks that this names.
template <class Call>
Ranks lost_in(const std::string& what, Call call) {
  try {
    call();
  } catch (const prun::Error& error) {
    check(error.code() == prun::Errc::peer_lost,
          what + " ended with " + prun::to_string(error.code()) + ": " + error.what());
    return error.ranks();
  }
  check(false, what + " went well");
  return {};
}

template <class Call>
void names(const Ranks& expected, const std::string& what, Call call) {
  const Ranks ranks = lost_in(what, call);
  check(ranks == expected, what + " names " + text_of(ranks) + ", not " + text_of(expected));
}

// Ends with this instead of going well.
template <class Call>
void ends_with(prun::Errc code, const std::string& what, Call call) {
  try {
    call();
  } catch (const prun::Error& error) {
    check(error.code() == code, what + ": " + error.what());
    return;
  }
  check(false, what + " went well");
}

Ranks first_ranks(int count) {
  Ranks ranks(static_cast<std::size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

// Everybody has left what was before: whoever dies now, or calls survivors(), ends nothing of that. A
// message of one who is there already may still be under way.
void settle(const prun::Communicator& comm) {
  constexpr int tag = 1000;
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank()) continue;
    try {
      comm.send(rank, rank, tag);
    } catch (const prun::Error&) {
    }
  }
  for (int rank = 0; rank < comm.size(); ++rank) {
    while (rank != comm.rank()) {
      try {
        comm.recv<int>(rank, tag);
        break;
      } catch (const prun::Error& error) {
        check(error.code() == prun::Errc::peer_lost, error.what());
        const Ranks lost = comm.lost();
        if (std::find(lost.begin(), lost.end(), rank) != lost.end()) break;
      }
    }
  }
}

// Everything works among these members, which all see alike.
void works(const prun::Communicator& comm, const Ranks& world_ranks) {
  check(comm.size() == static_cast<int>(world_ranks.size()),
        "there are " + std::to_string(comm.size()) + " survivors, not " +
            std::to_string(world_ranks.size()));
  for (int rank = 0; rank < comm.size(); ++rank) {
    check(comm.world_rank(rank) == world_ranks[static_cast<std::size_t>(rank)],
          "survivor " + std::to_string(rank) + " is another rank");
  }
  const int size = comm.size();
  check(comm.allreduce(comm.rank() + 1, std::plus<>{}) == size * (size + 1) / 2,
        "the sum is wrong");
  std::vector<std::int32_t> large(100'000, comm.rank());
  comm.bcast(large, size - 1);
  check(large == std::vector<std::int32_t>(100'000, size - 1), "the broadcast is wrong");
  std::int32_t left = -1;
  comm.sendrecv(comm.rank(), (comm.rank() + 1) % size, 1, left, (comm.rank() + size - 1) % size, 1);
  check(left == (comm.rank() + size - 1) % size, "the ring is wrong");
  check(comm.lost().empty(), "a survivor is lost");
  settle(comm);
}

// --- point to point
// -----------------------------------------------------------------------------------------------

// The last rank dies behind three messages to each. Ranks are numbered backwards, so that they
// differ from those of the job.
void point_to_point(const prun::Communicator& world) {
  const prun::Communicator comm = world.split(0, -world.rank());
  const int victim = 0;
  const std::vector<std::int32_t> large(50'000, 7);
  if (comm.rank() == victim) {
    for (int rank = 1; rank < comm.size(); ++rank) {
      comm.send(std::int32_t{1}, rank, 1);
      comm.send(std::int32_t{2}, rank, 2);
      comm.send(large, rank, 3);
    }
    die();
  }
  check(comm.recv<std::int32_t>(victim, 1) == 1, "its first message is wrong");
  check(comm.recv<std::vector<std::int32_t>>(victim, 3) == large, "its large message is wrong");
  names({victim}, "a receive", [&] { comm.recv<std::int32_t>(victim, 9); });
  check(comm.lost() == Ranks{victim}, "it is not among the lost");
  check(comm.recv<std::int32_t>(victim, 2) == 2, "what it had sent before is gone");
  std::int32_t place = 0;
  names({victim}, "a posted receive", [&] { comm.irecv(place, victim, 9).wait(); });
  names({victim}, "a large send", [&] { comm.send(large, victim, 9); });
  names({victim}, "a synchronous send", [&] { comm.ssend(1, victim, 9); });
  names({victim}, "an isend", [&] { comm.isend(large, victim, 9).wait(); });
  names({victim}, "a probe", [&] { comm.probe(victim, 9); });
  names({victim}, "an iprobe", [&] { comm.iprobe(victim, 9); });
  names({victim}, "a sendrecv", [&] { comm.sendrecv(1, victim, 9, place, victim, 9); });
  names({victim}, "a test", [&] {
    prun::Request request = comm.irecv(place, victim, 9);
    while (!request.test()) {
    }
  });
  check(!world.survivors().lost().size(), "a survivor is lost");
}

// Who waits when it happens: each rank in another operation with the victim.
void waiting(const prun::Communicator& world) {
  const int victim = world.size() - 1;
  std::vector<std::int32_t> large(3'000'000, 1);
  settle(world);
  if (world.rank() == victim) {
    // Reads a part of what comes, and has sent a part of what it will.
    prun::Request out = world.isend(large, 0, 5);
    try {
      world.recv<int>(1, 99, 30ms);
    } catch (const prun::Error&) {
    }
    die();
  }
  const int kind = world.rank() % 4;
  names({victim}, "operation " + std::to_string(kind), [&] {
    if (kind == 0) {
      if (world.rank() == 0) world.recv(large, victim, 5);
      world.recv<int>(victim, 6);
    } else if (kind == 1) {
      world.ssend(1, victim, 7);
    } else if (kind == 2) {
      world.send(std::vector<std::int32_t>(30'000'000, 1), victim, 7);
    } else {
      world.probe(victim, 6);
    }
  });
  works(world.survivors(), first_ranks(victim));
}

void from_any(const prun::Communicator& world) {
  const int victim = world.size() - 1;
  const int master = 0;
  settle(world);
  if (world.rank() == victim) {
    world.send(5, master, 5);
    die();
  }
  if (world.rank() != master) {
    world.send(world.rank(), master, 1);
    world.recv<int>(master, 2);  // the master is through with the first part
    world.send(world.rank() * 10, master, 3);
  } else {
    // What is here is received although somebody is lost. Nothing with tag 4 ever comes.
    names({victim}, "a receive from any source", [&] { world.recv<int>(prun::any_source, 4); });
    // It makes no difference whether the loss was known when it began.
    std::int32_t place = 0;
    names({victim}, "the next", [&] { world.recv<int>(prun::any_source, 4); });
    names({victim}, "an irecv", [&] { world.irecv(place, prun::any_source, 4).wait(); });
    names({victim}, "a probe", [&] { world.probe(prun::any_source, 4); });
    names({victim}, "an iprobe", [&] { world.iprobe(prun::any_source, 4); });
    names({victim}, "a sendrecv",
          [&] { world.sendrecv(1, master, 7, place, prun::any_source, 4); });
    world.recv<int>(master, 7);
    int sum = 0;
    for (int rank = 1; rank < victim; ++rank) world.probe(rank, 1);
    for (int rank = 1; rank < victim; ++rank) sum += world.recv<int>(prun::any_source, 1);
    check(sum == (victim - 1) * victim / 2, "messages are missing");
    check(world.acknowledge_lost() == Ranks{victim}, "the wrong ranks are acknowledged");
    check(world.acknowledge_lost().empty(), "a rank is acknowledged twice");
    // The others may send one yet: these wait.
    const auto waits = [](const std::string& what, auto call) {
      ends_with(prun::Errc::timed_out, what, call);
    };
    waits("a receive", [&] { world.recv<int>(prun::any_source, 4, 1ms); });
    waits("an irecv", [&] { world.irecv(place, prun::any_source, 4).wait(1ms); });
    waits("a probe", [&] { world.probe(prun::any_source, 4, 1ms); });
    check(!world.iprobe(prun::any_source, 4), "a message from nowhere");
    // And what had come from the lost is still here.
    check(world.recv(place, prun::any_source, 5).source == victim && place == 5,
          "its message is gone");
    for (int rank = 1; rank < victim; ++rank) world.send(0, rank, 2);
    for (int rank = 1; rank < victim; ++rank) {
      const int got = world.recv<int>(prun::any_source, 3);
      check(got % 10 == 0 && got / 10 < victim, "the wrong message");
    }
    names({victim}, "a receive from the lost", [&] { world.recv<int>(victim, 4); });
  }
  settle(world);
  works(world.survivors(), first_ranks(victim));
}

// One is left, another has finished, and the rest are lost: nobody is waited for in vain.
void nobody_left(const prun::Communicator& world) {
  settle(world);
  if (world.rank() == 1) return;
  if (world.rank() > 1) die();
  for (std::size_t lost = 2; lost < static_cast<std::size_t>(world.size());) {
    lost_in("a receive", [&] { world.recv<int>(prun::any_source, 4); });
    lost += world.acknowledge_lost().size();
  }
  std::int32_t place = 0;
  const auto in_vain = [](const std::string& what, auto call) {
    ends_with(prun::Errc::peer_finished, what, call);
  };
  in_vain("a receive from nobody", [&] { world.recv(place, prun::any_source, 4); });
  in_vain("a probe", [&] { world.probe(prun::any_source, 4); });
  in_vain("an irecv", [&] { world.irecv(place, prun::any_source, 4).wait(); });
  in_vain("a wait for all", [&] {
    prun::Request requests[] = {world.irecv(place, prun::any_source, 4)};
    prun::wait_all(requests);
  });
  ends_with(prun::Errc::timed_out, "a receive with a deadline",
            [&] { world.recv(place, prun::any_source, 4, 1ms); });
  // But what this rank sends itself comes.
  prun::Request own = world.irecv(place, prun::any_source, 4);
  world.send(9, 0, 4);
  own.wait();
  check(place == 9, "its own message is wrong");
  prun::Request sent = world.isend(11, 0, 4);
  check(world.recv<int>(prun::any_source, 4) == 11, "its own message is not received");
  sent.wait();
  sent = world.isend(12, 0, 4);
  check(world.probe(prun::any_source, 4).source == 0, "its own message is not seen");
  check(world.recv<int>(0, 4) == 12, "its own message is not received by name");
  sent.wait();
  std::int32_t again = 0;
  world.sendrecv(10, 0, 4, again, prun::any_source, 4);
  check(again == 10, "its own message is wrong when it is sent and received at once");
}

// A wait for several ends with the first that needs the lost, though another gets its message only when
// the program has gone on.
void several(const prun::Communicator& world) {
  const int victim = world.size() - 1;
  settle(world);
  if (world.rank() == victim) die();
  for (const prun::Source source : {prun::Source(victim), prun::Source(prun::any_source)}) {
    std::int32_t never = 0;
    std::int32_t later = 0;
    if (world.rank() == 0) {
      prun::Request requests[] = {world.irecv(later, 1, 5), world.irecv(never, source, 4)};
      names({victim}, "a wait for all", [&] { prun::wait_all(requests); });
      check(requests[0].active() && !requests[1].active(), "the wrong ones have ended");
      requests[1] = world.irecv(never, source, 4);
      names({victim}, "a test of all", [&] {
        while (!prun::test_all(requests)) {
        }
      });
      world.send(0, 1, 6);
      prun::wait_all(requests);
      check(later == 7, "the message of one who lives is wrong");
    } else if (world.rank() == 1) {
      world.recv<int>(0, 6);
      world.send(7, 0, 5);
    }
  }
  settle(world);
  works(world.survivors(), first_ranks(victim));
}

// A receive from any source that waits while the only one dies that the master heard from.
void farm(const prun::Communicator& world) {
  constexpr int tasks = 200;
  if (world.rank() != 0) {
    for (int done = 0;; ++done) {
      const int task = world.recv<int>(0, 1);
      if (task < 0) break;
      if (world.rank() > 1 && done == 10 * world.rank()) die();
      world.send(task, 0, 2);
    }
    return;
  }
  std::map<int, int> given;  // by worker
  std::vector<int> open(tasks);
  std::iota(open.begin(), open.end(), 0);
  std::vector<int> results(tasks, 0);
  const auto give = [&](int worker) {
    if (open.empty()) return;
    given[worker] = open.back();
    open.pop_back();
    try {
      world.send(given[worker], worker, 1);
    } catch (const prun::Error&) {
      open.push_back(given[worker]);  // told of again below, with nothing to give back
      given.erase(worker);
    }
  };
  for (int worker = 1; worker < world.size(); ++worker) give(worker);
  while (!given.empty() || !open.empty()) {
    try {
      int task = -1;
      const prun::Status status = world.recv(task, prun::any_source, 2);
      ++results[static_cast<std::size_t>(task)];
      given.erase(status.source);
      give(status.source);
    } catch (const prun::Error& error) {
      check(error.code() == prun::Errc::peer_lost, error.what());
      for (const int rank : world.acknowledge_lost()) {
        if (given.contains(rank)) open.push_back(given[rank]);
        given.erase(rank);
      }
      for (int worker = 1; worker < world.size(); ++worker) {
        const Ranks lost = world.lost();
        if (!given.contains(worker) && std::find(lost.begin(), lost.end(), worker) == lost.end())
          give(worker);
      }
    }
  }
  check(results == std::vector<int>(tasks, 1), "results are missing or doubled");
  const Ranks lost = world.lost();
  for (int worker = 1; worker < world.size(); ++worker) {
    if (std::find(lost.begin(), lost.end(), worker) == lost.end()) world.send(-1, worker, 1);
  }
}

// --- collectives
// --------------------------------------------------------------------------------------------------

using Collective = std::function<void(const prun::Communicator&)>;

std::map<std::string, Collective> collectives() {
  const auto sized = [](const prun::Communicator& comm, std::size_t each) {
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

// One rank dies in the middle of a row of calls.
void in_collectives(const prun::Communicator& world, const std::string& which) {
  prun::Communicator comm = world;
  Ranks left = first_ranks(world.size());
  for (const auto& [name, call] : collectives()) {
    if (which != "all" && which != name) continue;
    if (comm.size() == 1) break;
    const prun::Communicator beside = comm.dup();
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
void non_blocking(const prun::Communicator& world) {
  const int victim = world.size() / 2;
  const prun::Communicator other = world.dup();
  std::vector<std::int32_t> a(40'000, 1);
  std::vector<std::int32_t> b(40'000, 1);
  std::int32_t c = 0;
  settle(world);
  if (world.rank() == victim) die();
  const Ranks named = lost_in("one of three", [&] {
    prun::Request requests[] = {world.iallreduce(prun::in_place, a, std::plus<>{}),
                                other.ibarrier(), world.ibcast(b, 0)};
    prun::wait_all(requests);
    (void)c;
  });
  check(named == Ranks{victim}, "the wrong ranks");
  Ranks left = first_ranks(world.size());
  left.erase(left.begin() + victim);
  works(other.survivors(), left);
}

// --- survivors
// ----------------------------------------------------------------------------------------------------

// One after the other, until one is left.
void one_after_the_other(const prun::Communicator& world) {
  prun::Communicator comm = world;
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
void at_once(const prun::Communicator& world) {
  settle(world);
  if (world.rank() % 2 == 1) die();
  lost_in("a barrier", [&] {
    for (;;) world.barrier();
  });
  Ranks left;
  for (int rank = 0; rank < world.size(); rank += 2) left.push_back(rank);
  prun::Communicator comm = world.survivors();
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
void meanwhile(const prun::Communicator& world) {
  const int size = world.size();
  settle(world);
  if (world.rank() == size - 1) die();
  if (world.rank() == size - 2) {
    try {
      world.survivors(std::chrono::milliseconds(1));
    } catch (const prun::Error&) {
    }
    die();
  }
  if (world.rank() == size - 3) {
    lost_in("a receive", [&] { world.recv<int>(size - 1, 1); });
    die();
  }
  prun::Communicator comm = world.survivors();
  while (comm.size() > size - 3) {
    lost_in("a barrier of too many", [&] {
      for (;;) comm.barrier();
    });
    comm = comm.survivors();
  }
  works(comm, first_ranks(size - 3));
}

// Only the victim's neighbour sees that it is lost; all others wait for each other in a chain.
void chain(const prun::Communicator& world) {
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
  const prun::Communicator comm = world.survivors();
  check(std::chrono::steady_clock::now() - begun < 10s, "that took long");
  works(comm, first_ranks(victim));
  // What was sent before is not lost.
  if (world.rank() % 2 == 0 && world.rank() > 0)
    check(world.recv<int>(world.rank() - 1, 2) == 1, "a message was lost");
  settle(comm);
  names({victim}, "a collective of the old communicator", [&] { world.barrier(); });
}

// Nobody is lost, and one rank after another comes.
void without_loss(const prun::Communicator& world) {
  const prun::Communicator comm = world.survivors();
  works(comm, first_ranks(world.size()));
  const prun::Communicator again = comm.survivors();
  works(again, first_ranks(world.size()));
}

// A communicator without the victim notices nothing.
void undisturbed(const prun::Communicator& world) {
  const int victim = world.size() - 1;
  const bool in = world.rank() != victim;
  const prun::Communicator comm = world.split(in ? std::optional(1) : std::nullopt);
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
void until_lost(const prun::Communicator& world) {
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
void until_broken(const prun::Communicator& world, bool goes_on) {
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
  const prun::Communicator comm = world.survivors();
  const Ranks lost = world.lost();
  check(lost.size() == 1, "more than one is lost: " + text_of(lost));
  Ranks left = first_ranks(world.size());
  std::erase(left, lost.front());
  works(comm, left);
}

// --- at random
// ----------------------------------------------------------------------------------------------------

// Every rank sends `count` numbered messages of random sizes to every other, and receives from all in
// one of two ways. Some die on the way. Those that are left have all of each other's messages, once
// each and in order, and of the lost some, in order.
void at_random(const prun::Communicator& world, unsigned seed) {
  constexpr int count = 60;
  std::mt19937 common(seed);
  std::vector<int> dies_at(static_cast<std::size_t>(world.size()), -1);
  for (int rank = 1; rank < world.size(); ++rank) {
    if (common() % 3 == 0)
      dies_at[static_cast<std::size_t>(rank)] =
          static_cast<int>(common() % static_cast<unsigned>(count * world.size()));
  }
  std::mt19937 own(seed * 1000 + static_cast<unsigned>(world.rank()));
  const auto size = static_cast<std::size_t>(world.size());
  const auto length_of = [seed](int from, int to, int number) {
    std::mt19937 one(seed + static_cast<unsigned>((from * 100 + to) * 100 + number));
    return std::size_t{2} + (one() % 4 == 0 ? one() % 30'000 : one() % 50);
  };
  std::vector<int> sent(size, 0);
  std::vector<int> received(size, 0);
  std::vector<bool> lost(size, false);
  std::optional<prun::Communicator> left;
  std::vector<prun::Request> sends;
  std::vector<int> targets;
  const auto on_loss = [&](const prun::Error& error) {
    check(error.code() == prun::Errc::peer_lost, error.what());
    const Ranks fresh = world.acknowledge_lost();
    for (const int rank : fresh) lost[static_cast<std::size_t>(rank)] = true;
    return !fresh.empty();
  };
  const auto take = [&](const std::vector<std::int32_t>& message, int source) {
    int& number = received[static_cast<std::size_t>(source)];
    // Of one that dies, a small message may be here whole and a large one before it not.
    if (dies_at[static_cast<std::size_t>(source)] >= 0) number = std::max(number, message.back());
    check(message.size() == length_of(source, world.rank(), number) && message[0] == source &&
              message.back() == number,
          "from " + std::to_string(source) + " came message " + std::to_string(message.back()) +
              " where " + std::to_string(number) + " was due");
    ++number;
  };
  const auto complete = [&] {
    for (std::size_t rank = 0; rank < size; ++rank) {
      if (static_cast<int>(rank) == world.rank()) continue;
      if (!lost[rank] && (sent[rank] < count || received[rank] < count)) return false;
    }
    return true;
  };
  int steps = 0;
  while (!complete()) {
    if (steps++ == dies_at[static_cast<std::size_t>(world.rank())]) die();
    const int to = static_cast<int>(own() % size);
    if (to != world.rank() && sent[static_cast<std::size_t>(to)] < count) {
      int& number = sent[static_cast<std::size_t>(to)];
      std::vector<std::int32_t> message(length_of(world.rank(), to, number), number);
      message[0] = world.rank();
      ++number;
      sends.push_back(world.isend(std::move(message), to, 1));
      targets.push_back(to);
    }
    try {
      if (own() % 2 == 0) {
        while (const auto status = world.iprobe(prun::any_source, 1))
          take(world.recv<std::vector<std::int32_t>>(status->source, 1), status->source);
      } else {
        const bool all_sent = std::all_of(sent.begin(), sent.end(), [&](const int& number) {
          const auto rank = static_cast<std::size_t>(&number - sent.data());
          return static_cast<int>(rank) == world.rank() || lost[rank] || number == count;
        });
        const prun::Deadline patience = all_sent ? prun::Deadline() : prun::Deadline(1ms);
        if (complete()) break;
        const int source = world.probe(prun::any_source, 1, patience).source;
        take(world.recv<std::vector<std::int32_t>>(source, 1), source);
      }
    } catch (const prun::Error& error) {
      if (error.code() == prun::Errc::timed_out) continue;
      if (!on_loss(error) && !left) left = world.survivors();
    }
  }
  for (std::size_t i = 0; i < sends.size(); ++i) {
    try {
      sends[i].wait();
    } catch (const prun::Error& error) {
      on_loss(error);
    }
  }
  if (!left) left = world.survivors();
  for (;;) {
    try {
      left->barrier();
      break;
    } catch (const prun::Error& error) {
      check(error.code() == prun::Errc::peer_lost, error.what());
      left = left->survivors();
    }
  }
  // Nothing came twice: what the survivors still have for each other is nothing.
  for (int rank = 0; rank < left->size(); ++rank) {
    const int of_world = left->world_rank(rank);
    if (of_world != world.rank()) check(!world.iprobe(of_world, 1), "a message came twice");
  }
  left->barrier();
  if (left->rank() == 0) std::printf("%d of %d left\n", left->size(), world.size());
}

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  the_env = &env;
  const prun::Communicator& world = env.world();
  const std::string scenario = argc > 1 ? argv[1] : "";
  const std::string argument = argc > 2 ? argv[2] : "";
  const std::map<std::string, std::function<void()>> scenarios{
      {"point-to-point", [&] { point_to_point(world); }},
      {"waiting", [&] { waiting(world); }},
      {"from-any", [&] { from_any(world); }},
      {"nobody-left", [&] { nobody_left(world); }},
      {"several", [&] { several(world); }},
      {"farm", [&] { farm(world); }},
      {"collectives", [&] { in_collectives(world, argument); }},
      {"non-blocking", [&] { non_blocking(world); }},
      {"one-after-the-other", [&] { one_after_the_other(world); }},
      {"at-once", [&] { at_once(world); }},
      {"meanwhile", [&] { meanwhile(world); }},
      {"chain", [&] { chain(world); }},
      {"without-loss", [&] { without_loss(world); }},
      {"undisturbed", [&] { undisturbed(world); }},
      {"until-lost", [&] { until_lost(world); }},
      {"until-broken", [&] { until_broken(world, argument == "on"); }},
      {"random", [&] { at_random(world, static_cast<unsigned>(std::atoi(argument.c_str()))); }},
  };
  const auto found = scenarios.find(scenario);
  check(found != scenarios.end(), "no such scenario: " + scenario);
  try {
    found->second();
  } catch (const prun::Error& error) {
    check(false, error.what());
  }
  if (world.rank() == 0) std::printf("survived\n");
}
