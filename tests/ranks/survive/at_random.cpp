#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/ranks/survive/expectations.hpp"
#include "tests/ranks/survive/scenarios.hpp"

namespace prun::test {

using namespace std::chrono_literals;

// Every rank sends `count` numbered messages of random sizes to every other, and receives from all in
// one of two ways. Some die on the way. Those that are left have all of each other's messages, once
// each and in order, and of the lost some, in order.
void at_random(const Communicator& world, unsigned seed) {
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
  std::optional<Communicator> left;
  std::vector<Request> sends;
  std::vector<int> targets;
  const auto on_loss = [&](const Error& error) {
    check(error.code() == Errc::peer_lost, error.what());
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
        while (const auto status = world.iprobe(any_source, 1))
          take(world.recv<std::vector<std::int32_t>>(status->source, 1), status->source);
      } else {
        const bool all_sent = std::all_of(sent.begin(), sent.end(), [&](const int& number) {
          const auto rank = static_cast<std::size_t>(&number - sent.data());
          return static_cast<int>(rank) == world.rank() || lost[rank] || number == count;
        });
        const Deadline patience = all_sent ? Deadline() : Deadline(1ms);
        if (complete()) break;
        const int source = world.probe(any_source, 1, patience).source;
        take(world.recv<std::vector<std::int32_t>>(source, 1), source);
      }
    } catch (const Error& error) {
      if (error.code() == Errc::timed_out) continue;
      if (!on_loss(error) && !left) left = world.survivors();
    }
  }
  for (std::size_t i = 0; i < sends.size(); ++i) {
    try {
      sends[i].wait();
    } catch (const Error& error) {
      on_loss(error);
    }
  }
  if (!left) left = world.survivors();
  for (;;) {
    try {
      left->barrier();
      break;
    } catch (const Error& error) {
      check(error.code() == Errc::peer_lost, error.what());
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

}  // namespace prun::test
