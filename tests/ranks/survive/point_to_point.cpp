#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "tests/ranks/survive/expectations.hpp"
#include "tests/ranks/survive/scenarios.hpp"

namespace prun::test {

using namespace std::chrono_literals;

// The last rank dies behind three messages to each. Ranks are numbered backwards, so that they
// differ from those of the job.
void point_to_point(const Communicator& world) {
  const Communicator comm = world.split(0, -world.rank());
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
    Request request = comm.irecv(place, victim, 9);
    while (!request.test()) {
    }
  });
  check(!world.survivors().lost().size(), "a survivor is lost");
}

// Who waits when it happens: each rank in another operation with the victim.
void waiting(const Communicator& world) {
  const int victim = world.size() - 1;
  std::vector<std::int32_t> large(3'000'000, 1);
  settle(world);
  if (world.rank() == victim) {
    // Reads a part of what comes, and has sent a part of what it will.
    Request out = world.isend(large, 0, 5);
    try {
      world.recv<int>(1, 99, 30ms);
    } catch (const Error&) {
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

void from_any(const Communicator& world) {
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
    names({victim}, "a receive from any source", [&] { world.recv<int>(any_source, 4); });
    // It makes no difference whether the loss was known when it began.
    std::int32_t place = 0;
    names({victim}, "the next", [&] { world.recv<int>(any_source, 4); });
    names({victim}, "an irecv", [&] { world.irecv(place, any_source, 4).wait(); });
    names({victim}, "a probe", [&] { world.probe(any_source, 4); });
    names({victim}, "an iprobe", [&] { world.iprobe(any_source, 4); });
    names({victim}, "a sendrecv", [&] { world.sendrecv(1, master, 7, place, any_source, 4); });
    world.recv<int>(master, 7);
    int sum = 0;
    for (int rank = 1; rank < victim; ++rank) world.probe(rank, 1);
    for (int rank = 1; rank < victim; ++rank) sum += world.recv<int>(any_source, 1);
    check(sum == (victim - 1) * victim / 2, "messages are missing");
    check(world.acknowledge_lost() == Ranks{victim}, "the wrong ranks are acknowledged");
    check(world.acknowledge_lost().empty(), "a rank is acknowledged twice");
    // The others may send one yet: these wait.
    const auto waits = [](const std::string& what, auto call) {
      ends_with(Errc::timed_out, what, call);
    };
    waits("a receive", [&] { world.recv<int>(any_source, 4, 1ms); });
    waits("an irecv", [&] { world.irecv(place, any_source, 4).wait(1ms); });
    waits("a probe", [&] { world.probe(any_source, 4, 1ms); });
    check(!world.iprobe(any_source, 4), "a message from nowhere");
    // And what had come from the lost is still here.
    check(world.recv(place, any_source, 5).source == victim && place == 5, "its message is gone");
    for (int rank = 1; rank < victim; ++rank) world.send(0, rank, 2);
    for (int rank = 1; rank < victim; ++rank) {
      const int got = world.recv<int>(any_source, 3);
      check(got % 10 == 0 && got / 10 < victim, "the wrong message");
    }
    names({victim}, "a receive from the lost", [&] { world.recv<int>(victim, 4); });
  }
  settle(world);
  works(world.survivors(), first_ranks(victim));
}

// One is left, another has finished, and the rest are lost: nobody is waited for in vain.
void nobody_left(const Communicator& world) {
  settle(world);
  if (world.rank() == 1) return;
  if (world.rank() > 1) die();
  for (std::size_t lost = 2; lost < static_cast<std::size_t>(world.size());) {
    lost_in("a receive", [&] { world.recv<int>(any_source, 4); });
    lost += world.acknowledge_lost().size();
  }
  std::int32_t place = 0;
  const auto in_vain = [](const std::string& what, auto call) {
    ends_with(Errc::peer_finished, what, call);
  };
  in_vain("a receive from nobody", [&] { world.recv(place, any_source, 4); });
  in_vain("a probe", [&] { world.probe(any_source, 4); });
  in_vain("an irecv", [&] { world.irecv(place, any_source, 4).wait(); });
  in_vain("a wait for all", [&] {
    Request requests[] = {world.irecv(place, any_source, 4)};
    wait_all(requests);
  });
  ends_with(Errc::timed_out, "a receive with a deadline",
            [&] { world.recv(place, any_source, 4, 1ms); });
  // But what this rank sends itself comes.
  Request own = world.irecv(place, any_source, 4);
  world.send(9, 0, 4);
  own.wait();
  check(place == 9, "its own message is wrong");
  Request sent = world.isend(11, 0, 4);
  check(world.recv<int>(any_source, 4) == 11, "its own message is not received");
  sent.wait();
  sent = world.isend(12, 0, 4);
  check(world.probe(any_source, 4).source == 0, "its own message is not seen");
  check(world.recv<int>(0, 4) == 12, "its own message is not received by name");
  sent.wait();
  std::int32_t again = 0;
  world.sendrecv(10, 0, 4, again, any_source, 4);
  check(again == 10, "its own message is wrong when it is sent and received at once");
}

// A wait for several ends with the first that needs the lost, though another gets its message only when
// the program has gone on.
void several(const Communicator& world) {
  const int victim = world.size() - 1;
  settle(world);
  if (world.rank() == victim) die();
  for (const Source source : {Source(victim), Source(any_source)}) {
    std::int32_t never = 0;
    std::int32_t later = 0;
    if (world.rank() == 0) {
      Request requests[] = {world.irecv(later, 1, 5), world.irecv(never, source, 4)};
      names({victim}, "a wait for all", [&] { wait_all(requests); });
      check(requests[0].active() && !requests[1].active(), "the wrong ones have ended");
      requests[1] = world.irecv(never, source, 4);
      names({victim}, "a test of all", [&] {
        while (!prun::test_all(requests)) {
        }
      });
      world.send(0, 1, 6);
      wait_all(requests);
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
void farm(const Communicator& world) {
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
    } catch (const Error&) {
      open.push_back(given[worker]);  // told of again below, with nothing to give back
      given.erase(worker);
    }
  };
  for (int worker = 1; worker < world.size(); ++worker) give(worker);
  while (!given.empty() || !open.empty()) {
    try {
      int task = -1;
      const Status status = world.recv(task, any_source, 2);
      ++results[static_cast<std::size_t>(task)];
      given.erase(status.source);
      give(status.source);
    } catch (const Error& error) {
      check(error.code() == Errc::peer_lost, error.what());
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

}  // namespace prun::test
