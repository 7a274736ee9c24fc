#include "tests/ranks/survive/expectations.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace prun::test {

std::string text_of(const Ranks& ranks) {
  std::string text;
  for (const int rank : ranks) text.append(std::to_string(rank)).append(" ");
  return text;
}

Ranks first_ranks(int count) {
  Ranks ranks(static_cast<std::size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

void settle(const Communicator& comm) {
  constexpr int tag = 1000;
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank()) continue;
    try {
      comm.send(rank, rank, tag);
    } catch (const Error&) {
    }
  }
  for (int rank = 0; rank < comm.size(); ++rank) {
    while (rank != comm.rank()) {
      try {
        comm.recv<int>(rank, tag);
        break;
      } catch (const Error& error) {
        check(error.code() == Errc::peer_lost, error.what());
        const Ranks lost = comm.lost();
        if (std::find(lost.begin(), lost.end(), rank) != lost.end()) break;
      }
    }
  }
}

void works(const Communicator& comm, const Ranks& world_ranks) {
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

}  // namespace prun::test
