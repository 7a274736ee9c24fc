#include "regrouping.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "messages.hpp"

namespace wall {
namespace {

void tell_idle(const prun::Communicator& comm, int to) {
  try {
    comm.send(std::int32_t{1}, to, idle_tag);
  } catch (const prun::Error& error) {
    if (!is_gone(error)) throw;
  }
}

// All of the communicator that play no film tell each other. Who says nothing plays, and this
// returns when it has come to its end, or when it is time to come together once more: then it is true.
bool others_play(const prun::Communicator& comm) {
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank != comm.rank()) tell_idle(comm, rank);
  }
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank()) continue;
    try {
      comm.recv<std::int32_t>(rank, idle_tag);
    } catch (const prun::Error& error) {
      if (error.code() == prun::Errc::peer_lost) return true;
      if (error.code() != prun::Errc::peer_finished) throw;
    }
  }
  return false;
}

// Rank 0 is alone although not all others were lost: they have played to the end.
bool comes_too_late(prun::Environment& env, const prun::Communicator& comm) {
  const auto others = static_cast<std::size_t>(env.world().size() - 1);
  return comm.size() == 1 && env.world().lost().size() < others;
}

}  // namespace

bool is_gone(const prun::Error& error) {
  return error.code() == prun::Errc::peer_lost || error.code() == prun::Errc::peer_finished;
}

bool is_lost(const prun::Communicator& comm, int rank) {
  const std::vector<int> lost = comm.lost();
  return std::find(lost.begin(), lost.end(), rank) != lost.end();
}

std::optional<prun::Communicator> find_conductor(prun::Environment& env) {
  for (;;) {
    const prun::Communicator comm = env.restore();
    if (comm.rank_of_world(0)) {
      if (comes_too_late(env, comm)) return std::nullopt;
      return comm;
    }
    if (!others_play(comm)) return std::nullopt;
  }
}

}  // namespace wall
